"""How varied a community is, and how alike several are: functions of counts or shares of categories, the last axis."""
