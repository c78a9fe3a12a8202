{
  "variables": {
    "strict": ["-std=c++20", "-Wall", "-Wextra", "-Werror"],
  },
  "targets": [
    {
      "target_name": "tnet",
      "sources": ["<!@(ls addon/*.cc)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=9", "NODE_ADDON_API_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "cflags_cc!": ["-std=gnu++17", "-fno-exceptions", "-fno-rtti"],
      "cflags_cc": ["<@(strict)", "-fexceptions", "-fvisibility=hidden", "-isystem <!(node -p \"require('node-addon-api').include_dir\")"],
      "ldflags": ["-s"],
    },
    {
      "target_name": "tnet-shim",
      "type": "executable",
      "sources": ["<!@(ls addon/shim/*.cc)"],
      "include_dirs!": ["<(node_root_dir)/include/node"],
      "cflags_cc!": ["-std=gnu++17"],
      "cflags_cc": ["<@(strict)", "-fno-exceptions", "-fno-rtti", "-ffunction-sections"],
      "ldflags!": ["-rdynamic", "-pthread"],
      "ldflags": ["-static", "-s", "-Wl,--gc-sections"],
    },
    {
      "target_name": "tnet-files",
      "type": "executable",
      "sources": [
        "<!@(ls addon/files/*.cc)",
        "<!@(cd addon/shim && true; for name in copy-tree directory json metadata mounts namespaces populate read-program resolve rootfs sources status tree user-namespace; do echo addon/shim/$name.cc; done)",
      ],
      "include_dirs!": ["<(node_root_dir)/include/node"],
      "cflags_cc!": ["-std=gnu++17"],
      "cflags_cc": ["<@(strict)", "-fno-exceptions", "-fno-rtti", "-ffunction-sections"],
      "ldflags!": ["-rdynamic", "-pthread"],
      "ldflags": ["-static", "-s", "-Wl,--gc-sections"],
    },
    {
      "target_name": "tnet-plugin",
      "type": "executable",
      "sources": ["<!@(ls addon/plugin/*.cc)"],
      "include_dirs!": ["<(node_root_dir)/include/node"],
      "cflags_cc!": ["-std=gnu++17"],
      "cflags_cc": ["<@(strict)", "-Os", "-fno-exceptions", "-fno-rtti", "-ffunction-sections"],
      "ldflags!": ["-rdynamic", "-pthread"],
      "ldflags": ["-static", "-s", "-Wl,--gc-sections"],
    },
  ],
}
