-- What a carrier has open, however much it has had: its own page of journeys and alarms, and its map.

CREATE INDEX journey_carrier_open ON journey (carrier) WHERE open;
CREATE INDEX alarm_carrier_open ON alarm (carrier) WHERE open;
