# What the Makefile writes out wherever the files of this directory name it: the arguments of a judgement, their types,
# and the columns of a reading t that they are.
s/@judged_arguments@/mechanism text, quantity numeric, lookback_days integer, coverage_days integer,\
    expiry_days integer, launched_on date, lots invtrack.day_series, folded invtrack.day_series,\
    tail invtrack.day_series, as_of date, count_today boolean/
s/@judged_types@/text, numeric, integer, integer, integer, date,\
    invtrack.day_series, invtrack.day_series, invtrack.day_series, date, boolean/
s/@judged_columns@/t.mechanism, t.quantity, t.lookback_days, t.coverage_days,\
           t.expiry_days, t.launched_on, t.lots, t.folded, t.tail, t.as_of, t.count_today/
