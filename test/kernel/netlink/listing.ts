/** What `nft list ruleset` (1.0.6) prints for table.ts. */
export const listing = `table inet tnet {
	comment "tnet 0123456789ab"
	set bridges {
		type ifname
	}

	set pairs {
		type ifname . ifname
	}

	set subnets4 {
		type ipv4_addr
		flags interval
	}

	set homes4 {
		type ipv4_addr . ifname
		flags interval
	}

	map published4 {
		type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service
	}

	chain guard {
		type filter hook prerouting priority raw; policy accept;
		ip daddr 127.0.0.0/8 counter packets 0 bytes 0 drop comment "loopback on the wire"
		meta mark 0x00000001 return
	}

	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local jump publish
	}

	chain publish {
		dnat ip to meta l4proto . ip daddr . th dport map @published4
	}

	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
		iifname . oifname != @pairs goto last
	}

	chain last {
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr @subnets4 oifname != "docker0" masquerade
		ip saddr 10.0.0.1 snat ip to ip daddr
	}
}
`;
