-- How this transaction's questions are planned: for rollups that are small, whatever the planner makes of functions
-- whose rows it can't know. Such estimates would choose nested loops that take seconds, and compile code for nothing.
-- The histograms of some months are sorted in memory.
select
    set_config('enable_nestloop', 'off', true),
    set_config('jit', 'off', true),
    set_config('work_mem', '32MB', true);
