# Until the next one comes.
# expect-fail: each
# on: r1
nft flush chain ip filter forward
nft add rule ip filter forward ip saddr 10.0.0.66 tcp dport 80 ct count over 4 drop
