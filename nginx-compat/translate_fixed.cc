#include <array>

#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/work.h"

// What is the same wherever it stands: modules that are not here, and what has no effect here.

namespace tidegate::nginx {
namespace {

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;
constexpr Verdict::Kind kRefused = Verdict::Kind::refused;
constexpr Verdict::Kind kApproximated = Verdict::Kind::approximated;

/// `off` asks for nothing. Anything else is what the table of kUnlessOff says.
void unless_off(Work& work, const Directive& directive);

struct UnlessOff {
  std::string_view name;
  std::string_view why;
  Verdict::Kind kind = kRefused;
  bool harmless = false;
};
constexpr UnlessOff kUnlessOff[] = {
    {"autoindex", "directories are not listed; let an upstream do it"},
    {"client_body_in_file_only", "bodies are not left in files", kRefused, true},
    {"create_full_put_path", "files are not written", kIgnored},
    {"dav_methods", "files are not written; let an upstream do it"},
    {"gunzip", "compressed answers are passed on as they are", kApproximated},
    {"mirror", "requests are sent to one upstream alone"},
    {"override_charset", "an upstream's charset stays"},
    {"random_index", "no file is chosen at random; name it by `index`"},
    {"ssi", "pages are sent as they are; let an upstream include what they are made of"},
    {"userid", "no cookies are given out; let an upstream do it"},
};

void unless_off(Work& work, const Directive& directive) {
  if (iequals(first_arg(directive), "off")) return;
  for (const UnlessOff& entry : kUnlessOff) {
    if (entry.name != directive.name.text) continue;
    const std::string why(entry.why);
    if (entry.kind == kRefused) return work.refused(directive, why, entry.harmless);
    return entry.kind == kIgnored ? work.ignored(directive, why) : work.approximated(directive, why);
  }
}

void on_slice(Work& work, const Directive& directive) {
  if (first_arg(directive) != "0") work.refused(directive, "answers are fetched in one piece");
}

constexpr std::string_view kStreams = "answers and bodies pass through without being kept";
constexpr std::string_view kOwnWay = "the gateway has its own way of writing to sockets";
constexpr std::string_view kNoHttp2 = "HTTP/2 is not spoken";
constexpr std::string_view kAsTheyAre = "answers are sent as they are; let an upstream change them";
constexpr std::string_view kLeftOut = "what it belongs to is refused";

constexpr Decision kDecisions[] = {
    {"add_after_body", nullptr, kRefused, kAsTheyAre},
    {"add_before_body", nullptr, kRefused, kAsTheyAre},
    {"addition_types", nullptr, kIgnored, kLeftOut},
    {"ancient_browser", nullptr, kIgnored, "the variables it is for are not there"},
    {"ancient_browser_value", nullptr, kIgnored, "the variables it is for are not there"},
    {"autoindex", unless_off},
    {"autoindex_exact_size", nullptr, kIgnored, "directories are not listed"},
    {"autoindex_format", nullptr, kIgnored, "directories are not listed"},
    {"autoindex_localtime", nullptr, kIgnored, "directories are not listed"},
    {"charset_map", nullptr, kRefused, kAsTheyAre},
    {"client_body_buffer_size", nullptr, kIgnored, kStreams},
    {"client_body_in_file_only", unless_off},
    {"client_body_in_single_buffer", nullptr, kIgnored, kStreams},
    {"client_body_temp_path", nullptr, kIgnored, kStreams},
    {"create_full_put_path", unless_off},
    {"dav_access", nullptr, kIgnored, "files are not written"},
    {"dav_methods", unless_off},
    {"empty_gif", nullptr, kRefused, "there is no built-in picture; put one into a file"},
    {"flv", nullptr, kRefused, "files are sent whole or by ranges; let an upstream do it"},
    {"gunzip", unless_off},
    {"gunzip_buffers", nullptr, kIgnored, "compressed answers are passed on as they are"},
    {"http2_body_preread_size", nullptr, kIgnored, kNoHttp2},
    {"http2_chunk_size", nullptr, kIgnored, kNoHttp2},
    {"http2_idle_timeout", nullptr, kIgnored, kNoHttp2},
    {"http2_max_concurrent_pushes", nullptr, kIgnored, kNoHttp2},
    {"http2_max_concurrent_streams", nullptr, kIgnored, kNoHttp2},
    {"http2_max_field_size", nullptr, kIgnored, kNoHttp2},
    {"http2_max_header_size", nullptr, kIgnored, kNoHttp2},
    {"http2_max_requests", nullptr, kIgnored, kNoHttp2},
    {"http2_pool_size", nullptr, kIgnored, kNoHttp2},
    {"http2_push", nullptr, kIgnored, kNoHttp2},
    {"http2_push_preload", nullptr, kIgnored, kNoHttp2},
    {"http2_recv_buffer_size", nullptr, kIgnored, kNoHttp2},
    {"http2_recv_timeout", nullptr, kIgnored, kNoHttp2},
    {"http2_streams_index_size", nullptr, kIgnored, kNoHttp2},
    {"include", nullptr},
    {"lingering_close", nullptr, kIgnored, "what still comes after a refusal is read for 2 s"},
    {"lingering_time", nullptr, kIgnored, "what still comes after a refusal is read for 2 s"},
    {"lingering_timeout", nullptr, kIgnored, "what still comes after a refusal is read for 2 s"},
    {"min_delete_depth", nullptr, kIgnored, "files are not written"},
    {"mirror", unless_off},
    {"mirror_request_body", nullptr, kIgnored, kLeftOut},
    {"modern_browser", nullptr, kIgnored, "the variables it is for are not there"},
    {"modern_browser_value", nullptr, kIgnored, "the variables it is for are not there"},
    {"mp4", nullptr, kRefused, "files are sent whole or by ranges; let an upstream do it"},
    {"mp4_buffer_size", nullptr, kIgnored, kLeftOut},
    {"mp4_max_buffer_size", nullptr, kIgnored, kLeftOut},
    {"mp4_start_key_frame", nullptr, kIgnored, kLeftOut},
    {"msie_padding", nullptr, kIgnored, "it is for browsers of long ago"},
    {"msie_refresh", nullptr, kIgnored, "it is for browsers of long ago"},
    {"override_charset", unless_off},
    {"post_action", nullptr, kRefused, "a request is over when its answer is; let an upstream do it"},
    {"postpone_gzipping", nullptr, kIgnored, "answers are not compressed"},
    {"postpone_output", nullptr, kIgnored, kOwnWay},
    {"proxy_cache", nullptr, kIgnored, "there is no cache: every request goes to the upstream"},
    {"proxy_no_cache", nullptr, kIgnored, "there is no cache: every request goes to the upstream"},
    {"random_index", unless_off},
    {"referer_hash_bucket_size", nullptr, kIgnored, kLeftOut},
    {"referer_hash_max_size", nullptr, kIgnored, kLeftOut},
    {"reset_timedout_connection", nullptr, kIgnored, "a connection that timed out is closed"},
    {"secure_link", nullptr, kRefused, "links are not checked; use auth_request"},
    {"secure_link_md5", nullptr, kRefused, "links are not checked; use auth_request"},
    {"secure_link_secret", nullptr, kRefused, "links are not checked; use auth_request"},
    {"send_lowat", nullptr, kIgnored, "it has no effect on Linux"},
    {"slice", on_slice},
    {"source_charset", nullptr, kRefused, kAsTheyAre},
    {"ssi", unless_off},
    {"ssi_ignore_recycled_buffers", nullptr, kIgnored, kLeftOut},
    {"ssi_last_modified", nullptr, kIgnored, kLeftOut},
    {"ssi_min_file_chunk", nullptr, kIgnored, kLeftOut},
    {"ssi_silent_errors", nullptr, kIgnored, kLeftOut},
    {"ssi_types", nullptr, kIgnored, kLeftOut},
    {"ssi_value_length", nullptr, kIgnored, kLeftOut},
    {"sub_filter", nullptr, kRefused, kAsTheyAre},
    {"sub_filter_last_modified", nullptr, kIgnored, kLeftOut},
    {"sub_filter_once", nullptr, kIgnored, kLeftOut},
    {"sub_filter_types", nullptr, kIgnored, kLeftOut},
    {"subrequest_output_buffer_size", nullptr, kIgnored, kStreams},
    {"tcp_nodelay", nullptr, kIgnored, "TCP_NODELAY is always on"},
    {"tcp_nopush", nullptr, kIgnored, kOwnWay},
    {"userid", unless_off},
    {"userid_domain", nullptr, kIgnored, kLeftOut},
    {"userid_expires", nullptr, kIgnored, kLeftOut},
    {"userid_flags", nullptr, kIgnored, kLeftOut},
    {"userid_mark", nullptr, kIgnored, kLeftOut},
    {"userid_name", nullptr, kIgnored, kLeftOut},
    {"userid_p3p", nullptr, kIgnored, kLeftOut},
    {"userid_path", nullptr, kIgnored, kLeftOut},
    {"userid_service", nullptr, kIgnored, kLeftOut},
    {"fastcgi_pass", nullptr, kRefused,
     "FastCGI is not spoken; put an HTTP server before the application and use proxy_pass"},
    {"grpc_pass", nullptr, kRefused,
     "gRPC needs HTTP/2, which is not spoken; leave it to another front door"},
    {"memcached_pass", nullptr, kRefused, "memcached's protocol is not spoken; use proxy_pass"},
    {"scgi_pass", nullptr, kRefused,
     "SCGI is not spoken; put an HTTP server before the application and use proxy_pass"},
    {"uwsgi_pass", nullptr, kRefused,
     "uwsgi is not spoken; let uWSGI speak HTTP (http-socket) and use proxy_pass"},
};

/// All directives of a module by how their names begin.
constexpr Decision kFamilies[] = {
    {"fastcgi_", nullptr, kIgnored, "without fastcgi_pass it has no effect"},
    {"grpc_", nullptr, kIgnored, "without grpc_pass it has no effect"},
    {"memcached_", nullptr, kIgnored, "without memcached_pass it has no effect"},
    {"proxy_cache_", nullptr, kIgnored, "there is no cache: every request goes to the upstream"},
    {"scgi_", nullptr, kIgnored, "without scgi_pass it has no effect"},
    {"uwsgi_", nullptr, kIgnored, "without uwsgi_pass it has no effect"},
};

}  // namespace

std::span<const Decision> fixed_decisions() {
  return kDecisions;
}

const Decision* decision_of_family(std::string_view name) {
  for (const Decision& family : kFamilies) {
    if (name.starts_with(family.name)) return &family;
  }
  return nullptr;
}

}  // namespace tidegate::nginx
