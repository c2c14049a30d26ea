CREATE TABLE note (text text PRIMARY KEY);
INSERT INTO note VALUES ('from the database');
