-- What a journey is planned to be beyond its route: zones with duties, points with times, legs by other means, a profile of rules.

ALTER TABLE journey ADD COLUMN profile TEXT NOT NULL DEFAULT '';
ALTER TABLE journey ADD COLUMN zones TEXT NOT NULL DEFAULT '[]';  -- JSON
ALTER TABLE journey ADD COLUMN points TEXT NOT NULL DEFAULT '[]'; -- JSON
ALTER TABLE journey ADD COLUMN legs TEXT NOT NULL DEFAULT '[]';   -- JSON
