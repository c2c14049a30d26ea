#!/usr/bin/env python3
import unittest

import check_migrations

ADDITIVE = [
    "CREATE TABLE a (x int NOT NULL, UNIQUE (x)); ALTER TABLE a ADD CHECK (x > 0); CREATE UNIQUE INDEX i ON a (x);",
    "ALTER TABLE message ADD COLUMN note text;",
    "ALTER TABLE message ADD note text, ADD COLUMN count int4 NOT NULL DEFAULT 0;",
    "ALTER TABLE message ALTER COLUMN note DROP NOT NULL;",
    "ALTER TABLE message ALTER note SET DEFAULT 'DROP TABLE a';",
    "ALTER TABLE message DROP CONSTRAINT narrow;",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON message (note);",
    "-- This does not DROP TABLE message.\nUPDATE message SET note = 'rename' WHERE note IS NULL;",
    "-- lmsmail: unused since v1.0.0\nALTER TABLE message DROP COLUMN note;",
]
REFUSED = [
    "DROP TABLE message;",
    "drop table if exists message;",
    "ALTER TABLE message\n  DROP COLUMN note;",
    "ALTER TABLE message DROP note;",
    "ALTER TABLE message ADD COLUMN a text, DROP COLUMN note;",
    "ALTER TABLE message RENAME COLUMN note TO remark;",
    "ALTER TABLE message RENAME TO mail;",
    "ALTER TABLE message ADD COLUMN note text NOT NULL;",
    "ALTER TABLE message ADD COLUMN a int NOT NULL DEFAULT 0, ADD note numeric(4, 2) NOT NULL;",
    "ALTER TABLE message ALTER COLUMN note TYPE int8;",
    "ALTER TABLE message ALTER note SET DATA TYPE int8;",
    "ALTER TABLE message ALTER COLUMN note SET NOT NULL;",
    "ALTER TABLE message ALTER COLUMN note DROP DEFAULT;",
    "ALTER TABLE message ADD CONSTRAINT narrow CHECK (note <> '');",
    "ALTER TABLE message ADD UNIQUE (note);",
    "CREATE UNIQUE INDEX i ON message (note);",
    "CREATE TRIGGER t BEFORE INSERT ON message FOR EACH ROW EXECUTE FUNCTION f();",
    "TRUNCATE message;",
    "DO $$ BEGIN\n  ALTER TABLE message DROP COLUMN note;\nEND $$;",
    "SELECT 1; DROP TABLE message;",
    "-- lmsmail: unused since v2.0.0\nALTER TABLE message DROP COLUMN note;",
    "-- lmsmail: unused since v1.0.0\nALTER TABLE message DROP COLUMN note;\nDROP TABLE message;",
    "DROP TABLE message",
]


class CheckMigrationsTest(unittest.TestCase):
    def test_what_only_adds_is_allowed(self):
        for sql in ADDITIVE:
            self.assertEqual(list(check_migrations.faults_of(sql, {"v1.0.0"})), [], sql)

    def test_what_the_release_before_could_not_run_with_is_refused(self):
        for sql in REFUSED:
            self.assertNotEqual(list(check_migrations.faults_of(sql, {"v1.0.0"})), [], sql)


if __name__ == "__main__":
    unittest.main()
