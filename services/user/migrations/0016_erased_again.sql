-- By what other services know somebody whose own row says nothing any more: a restored backup had brought them back, and they were erased again before anything
-- else was done. Gone with the certificate.
alter table privacy_request add column whom jsonb check (whom is null or kind = 'erasure');
