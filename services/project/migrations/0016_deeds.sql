-- All that somebody did, in its order: what is collected of them in parts.
create index audit_of_subject on audit (project, subject, id);
