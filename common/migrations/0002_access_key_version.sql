-- What is shown of an access key has a version, like every resource: each change of it is one more, its last use among them.
alter table gravity.access_key add column version bigint not null default 1;
