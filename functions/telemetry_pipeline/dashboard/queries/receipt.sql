-- What became of a request for erasure, by the digest of its token.
select analytics_erasure_receipt(:digest) as receipt;
