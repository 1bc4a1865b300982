#include "gateway/sites/static_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "gateway/base/text.h"
#include "gateway/http/date.h"
#include "gateway/sites/conditions.h"
#include "gateway/sites/disk.h"

namespace tidegate::sites {
namespace {

using Outcome = std::variant<Answer, SendFile, Elsewhere>;

Answer answer(int status, Reason reason = Reason::none) {
  return {.status = status, .reason = reason};
}

std::string quoted(const std::string& path) {
  return '"' + path + '"';
}

/// ": No such file or directory" as nginx writes it.
std::string because(int os_error) {
  return " (" + std::to_string(os_error) + ": " + std::strerror(os_error) + ")";
}

/// For one of the types that `charset` is for (charset_types' default).
bool takes_charset(std::string_view type) {
  constexpr std::array<std::string_view, 6> kTypes = {
      "text/html",          "text/xml", "text/plain", "text/vnd.wap.wml", "application/javascript",
      "application/rss+xml"};
  return std::any_of(kTypes.begin(), kTypes.end(), [&](std::string_view one) { return iequals(one, type); });
}

class FileServer {
 public:
  explicit FileServer(const FileRequest& request) : request_(request), rules_(*request.rules) {}

  Outcome serve() {
    const std::string_view uri = request_.uri;
    if (uri.empty()) return answer(404);
    if (request_.place.leads_out(uri)) {
      complain(quoted(path()) + " is outside of the location's files");
      return answer(403);
    }
    const bool get = request_.method == "GET" || request_.method == "HEAD";
    const bool post = request_.method == "POST";
    if (uri.back() == '/' && (get || post)) {
      if (std::optional<Outcome> found = find_index()) return std::move(*found);
    }
    if (!get && !post) return answer(405, Reason::method_not_allowed);
    if (uri.back() == '/') {
      complain("directory index of " + quoted(path()) + " is forbidden");
      return answer(403);
    }
    return send(get);
  }

 private:
  std::string path() const { return request_.place.path(request_.uri); }

  void complain(std::string text) const { request_.subject.complain(log::Level::error, text); }

  /// Nothing: there is none.
  std::optional<Outcome> find_index() {
    const std::string directory = path();
    bool directory_tested = false;
    for (const std::string& name : request_.index) {
      if (name.starts_with('/')) return Elsewhere{name};
      const std::string file = directory + name;
      const Found found = look_at(file, rules_.follow_symlinks);
      if (found.os_error == 0) return Elsewhere{std::string(request_.uri) + name};
      if (found.os_error == ELOOP) return answer(403);
      if (found.os_error == ENOTDIR || found.os_error == ENAMETOOLONG || found.os_error == EACCES) {
        return index_error(file, found.os_error);
      }
      if (!directory_tested) {
        if (std::optional<Outcome> none = test_directory(directory)) return none;
        directory_tested = true;
      }
      if (found.os_error == ENOENT) continue;
      complain("stat() " + quoted(file) + " failed" + because(found.os_error));
      return answer(500);
    }
    return std::nullopt;
  }

  /// Nothing: it is one.
  std::optional<Outcome> test_directory(std::string directory) {
    while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
    const Found found = look_at(directory, rules_.follow_symlinks);
    switch (found.os_error) {
      case 0:
        if (found.is_directory) return std::nullopt;
        complain(quoted(directory) + " is not a directory");
        return answer(500);
      case EACCES:
        return std::nullopt;  // The index is not there, which could be seen.
      case ELOOP:
        return answer(403);
      case ENOENT:
        return index_error(directory, ENOENT);
      default:
        complain("stat() " + quoted(directory) + " failed" + because(found.os_error));
        return answer(500);
    }
  }

  Outcome index_error(const std::string& file, int os_error) {
    if (os_error == EACCES) {
      complain(quoted(file) + " is forbidden" + because(os_error));
      return answer(403);
    }
    if (rules_.log_not_found) complain(quoted(file) + " is not found" + because(os_error));
    return answer(404);
  }

  Outcome send(bool get) {
    const std::string file = path();
    Found found = open_path(file, rules_.follow_symlinks);
    if (found.os_error != 0) return open_error(file, found.os_error);
    if (found.is_directory) return add_slash();
    if (!found.is_file) {
      complain(quoted(file) + " is not a regular file");
      return answer(404);
    }
    if (!get) return answer(405, Reason::method_not_allowed);
    return send(std::move(found.file));
  }

  Outcome open_error(const std::string& file, int os_error) {
    int status = 500;
    if (is_missing(os_error)) status = 404;
    if (os_error == EACCES || os_error == ELOOP || os_error == EMLINK) status = 403;
    if (status != 404 || rules_.log_not_found) {
      complain((rules_.follow_symlinks ? "open() " : "openat() ") + quoted(file) + " failed" +
               because(os_error));
    }
    return answer(status);
  }

  Outcome add_slash() {
    std::string location = escape_location(request_.uri) + '/';
    if (!request_.args.empty()) location.append("?").append(request_.args);
    Answer out = answer(301);
    out.fields.emplace_back("Location", std::move(location));
    return out;
  }

  Outcome send(File file) {
    char date[32];
    SendFile out{.status = request_.status, .file = std::move(file)};
    const Validators validators{.etag = rules_.etag ? etag_of(out.file) : std::string(),
                                .modified_s = out.file.modified_s(),
                                .length = out.file.size()};
    out.fields.emplace_back("Last-Modified",
                            http::http_date(static_cast<std::time_t>(*validators.modified_s), date));
    if (!validators.etag.empty()) out.fields.emplace_back("ETag", validators.etag);
    out.content_type = with_charset(media_type(rules_, request_.uri), rules_.charset, request_.status);
    if (request_.status != 200 || request_.subrequest) return out;
    return judged(std::move(out), validators);
  }

  /// Conditions first, then ranges (RFC 9110 §13.2.2).
  Outcome judged(SendFile out, const Validators& validators) {
    const http::RequestHead& head = *request_.subject.head;
    const int status = check_conditions(head, validators, rules_.if_modified_since);
    if (status == 412) return answer(412);
    if (status == 304) {
      out.status = 304;
      out.file = File();
      out.content_type.clear();
      return out;
    }
    if (rules_.max_ranges == 0u) return out;
    RangeVerdict verdict = check_ranges(head, validators, rules_.max_ranges);
    if (verdict.unsatisfiable) {
      Answer refusal = answer(416);
      refusal.fields.emplace_back("Content-Range", content_range(std::nullopt, out.file.size()));
      return refusal;
    }
    out.ranges = std::move(verdict.ranges);
    if (out.ranges.empty()) {
      out.fields.emplace_back("Accept-Ranges", "bytes");
    } else {
      out.status = 206;
      if (out.ranges.size() == 1) {
        out.fields.emplace_back("Content-Range", content_range(out.ranges[0], out.file.size()));
      }
    }
    return out;
  }

  const FileRequest& request_;
  const conf::FileRules& rules_;
};

}  // namespace

std::variant<Answer, SendFile, Elsewhere> serve_file(const FileRequest& request) {
  return FileServer(request).serve();
}

std::string media_type(const conf::FileRules& rules, std::string_view uri) {
  const std::size_t slash = uri.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? uri : uri.substr(slash + 1);
  const std::size_t dot = name.rfind('.');
  // A dot that a name begins with begins no extension (ngx_http_set_exten).
  if (dot != std::string_view::npos && dot != 0 && rules.types != nullptr) {
    const auto found = rules.types->find(to_lower(name.substr(dot + 1)));
    if (found != rules.types->end()) return found->second;
  }
  return rules.default_type;
}

std::string with_charset(std::string_view content_type, std::string_view charset, int status) {
  std::string out(content_type);
  if (charset.empty() || status == 301 || status == 302 || !takes_charset(content_type)) return out;
  return out.append("; charset=").append(charset);
}

std::string escape_location(std::string_view decoded) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : decoded) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && std::string_view("\"#%<>?\\^`{|}").find(c) == std::string_view::npos) {
      out += c;
    } else {
      out.append(1, '%').append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return out;
}

}  // namespace tidegate::sites
