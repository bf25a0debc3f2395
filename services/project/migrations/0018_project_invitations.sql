-- Invitations to single projects, beside those to organisations: each is to one of both. They go along where a project is given away.
alter table invitation alter column organization_id drop not null;
alter table invitation add column project_id uuid references project (id) on delete cascade;
alter table invitation add constraint invitation_to_one check ((organization_id is null) <> (project_id is null));
create unique index invitation_open_to_project on invitation (project, project_id, email) where accepted_at is null and revoked_at is null;
create index invitation_newest_to_project on invitation (project_id, created_at desc, id desc);
