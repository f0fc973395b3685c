-- Whether a finding alerts: rules that only watch and findings that somebody answers for stay in the store and reach nobody.
ALTER TABLE finding_rows
  ADD COLUMN IF NOT EXISTS disposition LowCardinality(String) DEFAULT 'alert' COMMENT 'Whether it alerts; shadow: its rule only watches; suppressed: somebody answers for its silence. [alert | shadow | suppressed; ours]',
  ADD COLUMN IF NOT EXISTS disposition_reason String COMMENT 'Who decided that, and why. [text; ours]' CODEC(ZSTD(3));

CREATE OR REPLACE VIEW findings AS
SELECT * FROM finding_rows FINAL;
