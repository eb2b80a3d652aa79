-- A delta has to know whether marks of its tenant wait: then rows may be newer than the heads.
GRANT SELECT ON sync.dirty TO ekbaar_engine;