-- A value is a text, a number, a truth value or an empty list, or it is a secret: ciphertext and fingerprint, and nothing beside them. Rows from before were
-- written by the same code and do not change any more, so they are not read through for it.
alter table release_item add constraint release_item_is_plain_or_secret check (
    case jsonb_typeof(value)
        when 'object' then value ?& array['secret', 'fingerprint'] and value - 'secret' - 'fingerprint' = '{}'
                           and jsonb_typeof(value -> 'secret') = 'string' and jsonb_typeof(value -> 'fingerprint') = 'string'
        when 'array' then value = '[]'
        when 'null' then false
        else true
    end) not valid;
