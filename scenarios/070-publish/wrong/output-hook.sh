# Only what the host itself sends passes output.
# expect-fail: dnat, through, site, real-client
nft add chain ip nat output '{ type nat hook output priority -100; }'
nft add rule ip nat output ip daddr 203.0.113.2 tcp dport 8080 dnat to 10.0.0.2:80
nft add rule ip filter forward ct status dnat accept
