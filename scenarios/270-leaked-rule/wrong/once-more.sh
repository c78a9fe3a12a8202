# Publishing it again only adds a rule at the end, where nobody looks.
# expect-fail: web, gone
nft add rule ip nat published tcp dport 8080 dnat to 10.0.0.2:80
