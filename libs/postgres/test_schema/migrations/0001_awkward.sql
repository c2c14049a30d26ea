-- What a generator written in CMake gets wrong: ; [brackets] unbalanced ] \ " ${VAR} $<1:x> \; @AT@
CREATE TABLE awkward (id int PRIMARY KEY, text text NOT NULL);
INSERT INTO awkward VALUES (1, 'a;b [c] \d "e" ${F} )" ü');
CREATE FUNCTION awkward_count() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM awkward; $$;
