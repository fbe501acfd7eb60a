-- An organisation that was deleted has no members, keys or missions any more. Its row stays for what it used, which is still billed; its
-- name is free for another one.

ALTER TABLE organisations ADD COLUMN deleted_at INTEGER;
-- The name that it had; the unique one says then that it was deleted.
ALTER TABLE organisations ADD COLUMN former_name TEXT;
