-- How far above a limit something may still be reserved. Nothing: not at all.
alter table quota add column burst numeric constraint quota_burst check (burst >= 0);
alter table plan_quota add column burst numeric constraint plan_quota_burst check (burst >= 0);
