import test from 'ava';
import {compileTemplate} from '../../src/cli/template/template.ts';

const web = {
  Id: 'abc',
  Name: '/web',
  Args: ['-c', 'true'],
  State: {Running: true, Pid: 42, Health: null, Status: 'running'},
  Config: {Labels: {tier: 'front', 'com.example/x': 'y'}, Env: null},
  NetworkSettings: {
    Ports: {'80/tcp': [{HostIp: '0.0.0.0', HostPort: '8080'}], '9/udp': null},
    Networks: {lan: {IPAddress: '10.0.0.2'}, bridge: {IPAddress: '172.17.0.2'}},
  },
  Size: 1_700_000_000_000_000_000,
};

for (const [template, expected] of [
  ['{{.Name}}', '/web'],
  ['{{ .State.Pid }} {{.State.Running}}', '42 true'],
  ['{{json .Args}}', '["-c","true"]'],
  ['{{json .}}', JSON.stringify(web)],
  ['{{.Args}} {{.Config.Labels}}', '[-c true] map[com.example/x:y tier:front]'],
  ['{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}', '172.17.0.2 10.0.0.2 '],
  ['{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}};{{end}}', 'bridge=172.17.0.2;lan=10.0.0.2;'],
  [
    '{{range $p, $conf := .NetworkSettings.Ports}}{{$p}} -> {{if $conf}}{{(index $conf 0).HostPort}}{{else}}-{{end}};{{end}}',
    '80/tcp -> 8080;9/udp -> -;',
  ],
  ['{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}', '8080'],
  ['{{with index .NetworkSettings.Ports "80/tcp"}}{{len .}}{{end}}', '1'],
  [
    '{{index .Config.Labels "tier"}}|{{index .Config.Labels "none"}}|{{.Config.Labels.tier}}|{{.Config.Labels.none}}',
    'front||front|<no value>',
  ],
  ['{{if eq .State.Status "running"}}up{{else if .State.Pid}}odd{{else}}down{{end}}', 'up'],
  ['{{if and .State.Running (not .State.Health)}}{{"yes"}}{{end}}', 'yes'],
  ['{{if or false (gt .State.Pid 100)}}big{{else}}small{{end}}', 'small'],
  ['{{.Name | printf "%-6s|" | upper}}', '/WEB  |'],
  ['{{printf "%s:%d %q %t %5.1f%%" .Name .State.Pid .Id .State.Running .State.Pid}}', '/web:42 "abc" true  42.0%'],
  ['{{join .Args ", "}}/{{index (split .Name "/") 1}}/{{title "ab cd"}}/{{truncate .Name 2}}', '-c, true/web/Ab Cd//w'],
  ['{{len .Args}} {{len .Config.Env}} {{slice .Name 1}} {{slice .Args 0 1}}', '2 0 web [-c]'],
  ['a {{- /* no blanks */ -}} b {{- .Id -}}  c', 'abwc'.replace('w', 'abc')],
  ['{{$n := .Name}}{{range .Args}}{{$n}}{{.}} {{end}}{{$.Id}}', '/web-c /webtrue abc'],
  ['{{range .Config.Env}}x{{else}}none{{end}}', 'none'],
  ['{{.Size}}', '1700000000000000000'],
  ['{{"}}"}}{{`a\n`}}{{"t\\tb"}}', '}}a\nt\tb'],
  ['{{with .State.Health}}{{.Status}}{{else}}no health{{end}}', 'no health'],
  ['{{println .Id}}{{lower "AB"}}{{pad "x" 1 2}}|', 'abc\nab x  |'],
] as const)
  test(`compileTemplate() renders ${template}`, t => t.is(compileTemplate(template)(web), expected));

for (const [template, message] of [
  ['{{.Name', /unclosed action/],
  ['{{if .Name}}x', /\{\{if\}\} has no \{\{end\}\}/],
  ['{{end}}', /unexpected \{\{end\}\}/],
  ['{{nosuch .Name}}', /function "nosuch" not defined/],
  ['{{constructor .Name}}', /function "constructor" not defined/],
  ['{{.Nosuch}}', /map has no entry for key "Nosuch"/],
  ['{{.State.Health.Status}}', /nil pointer/],
  ['{{.Name.First}}', /can't evaluate field First in a string/],
  ['{{index .Args 7}}', /index out of range: 7/],
  ['{{range .Name}}{{end}}', /range can't iterate over a string/],
  ['{{.Name "x"}}', /can't give argument to non-function \.Name/],
  ['{{$x}}', /undefined variable "\$x"/],
  ['{{template "x"}}', /\{\{template\}\} is not supported/],
  ['{{printf "%y" 1}}', /"%y" is not supported/],
  ['{{eq .Name 1}}', /incompatible types/],
  ['{{(.Name}}', /unclosed left paren/],
  ['{{}}', /missing value for command/],
  ['{{.Name ; .Id}}', /unexpected "; \.Id"/],
] as const)
  test(`compileTemplate() refuses ${template}`, t =>
    void t.throws(() => compileTemplate(template)(web), {instanceOf: SyntaxError, message}));

test('compileTemplate() calls a field that is a function, and reads no prototypes', t => {
  t.is(compileTemplate('{{.Label "x"}}')({Label: (name: unknown) => `<${name}>`}), '<x>');
  t.is(compileTemplate('{{.constructor}}')({}), '<no value>');
});
