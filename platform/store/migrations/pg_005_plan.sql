-- What a journey is planned to be beyond its route: zones with duties, points with times, legs by other means, a profile of rules.

ALTER TABLE journey ADD COLUMN profile text NOT NULL DEFAULT '', ADD COLUMN zones text NOT NULL DEFAULT '[]',
    ADD COLUMN points text NOT NULL DEFAULT '[]', ADD COLUMN legs text NOT NULL DEFAULT '[]';
