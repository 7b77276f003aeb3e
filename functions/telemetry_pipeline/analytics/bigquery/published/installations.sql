select
    day,
    if(active_installations between 1 and ${k} - 1, null, active_installations) as active_installations,
    if(new_installations between 1 and ${k} - 1, null, new_installations) as new_installations,
    if(gone_installations between 1 and ${k} - 1, null, gone_installations) as gone_installations
from `${dataset}.exact_installations`
