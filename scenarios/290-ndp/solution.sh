# on: web
nft add rule ip6 filter input icmpv6 type '{ nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert, packet-too-big }' accept
