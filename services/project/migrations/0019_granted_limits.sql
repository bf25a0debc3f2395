-- Whether a project's own limit was given to it by those who sell plans, who may give more than a plan does. Any other holds as long as it is within its plan,
-- which may come later or be lowered. Of those that are there it is not known who set them: they hold as they did.
alter table quota add column granted boolean not null default true;
alter table quota alter column granted set default false;
