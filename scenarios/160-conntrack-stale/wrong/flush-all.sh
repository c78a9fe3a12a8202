# Helps the meter, and cuts the administrator off.
# expect-guard: session
conntrack -F
