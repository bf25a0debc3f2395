-- Refresh tokens that have ended go by themselves, and not with their family alone: an app that refreshes every five minutes has thousands of them in a month.
create index refresh_token_expired on refresh_token (project, expires_at);
