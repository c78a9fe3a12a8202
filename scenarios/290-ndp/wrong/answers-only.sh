# web finds its neighbours, and those whom it has asked have learned of it on the way. Nobody else finds web.
# expect-fail: page, page-again
# on: web
nft add rule ip6 filter input icmpv6 type nd-neighbor-advert accept
