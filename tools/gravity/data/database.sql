-- What a service needs of a PostgreSQL cluster, as psql runs it for a superuser: a database, the role that owns it and migrates, and the
-- role that reads and writes rows at run time. It may run again at any time. Variables: database, owner, password, owner_password,
-- extensions (comma list). Used natively by whoever starts the stores and, in a container, by the entry point of the image.
select format('create role %I', role) from unnest(array[:'database', :'owner']) role
    where not exists (select from pg_roles where rolname = role) \gexec
alter role :"database" login nosuperuser nobypassrls nocreatedb nocreaterole password :'password';
alter role :"owner" login nosuperuser nobypassrls nocreatedb nocreaterole password :'owner_password';
select format('create database %I owner %I', :'database', :'owner')
    where not exists (select from pg_database where datname = :'database') \gexec
revoke all on database :"database" from public;
grant connect, temporary on database :"database" to :"database";

\connect :database
revoke create on schema public from public;
grant usage on schema public to :"database";
-- Extensions need the superuser; tables come from the migrations, which also grant them.
select format('create extension if not exists %I', name) from unnest(string_to_array(:'extensions', ',')) name where name <> '' \gexec
