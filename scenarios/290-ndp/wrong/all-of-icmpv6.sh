# It works, and strangers get answers to their pings.
# expect-fail: no-ping
# on: web
nft add rule ip6 filter input meta l4proto ipv6-icmp accept
