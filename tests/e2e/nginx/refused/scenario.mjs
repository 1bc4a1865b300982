export default {
  about: 'What would change answers and is not there: refused with file and line, all at once',
  connections: [],
  complaints: [
    'site.conf:4: "proxy_ssl_conf_command" directive is refused: OpenSSL\'s commands are not passed on towards upstreams; use proxy_ssl_protocols and proxy_ssl_ciphers',
    'site.conf:7: "fastcgi_pass" directive is refused: FastCGI is not spoken; put an HTTP server before the application and use proxy_pass',
    'site.conf:10: "uwsgi_pass" directive is refused: uwsgi is not spoken; let uWSGI speak HTTP (http-socket) and use proxy_pass',
    'site.conf:13: "grpc_pass" directive is refused: gRPC needs HTTP/2, which is not spoken; leave it to another front door',
    'site.conf:16: "sub_filter" directive is refused: answers are sent as they are; let an upstream change them',
    'site.conf:20: "autoindex" directive is refused: directories are not listed; let an upstream do it',
    'site.conf:23: "mirror" directive is refused: requests are sent to one upstream alone',
    'site.conf:27: "limit_rate" directive is refused: the rate of answers is not limited; no answer depends on it: --permissive goes on without',
    'site.conf:31: "ssi" directive is refused: pages are sent as they are; let an upstream include what they are made of',
  ],
};
