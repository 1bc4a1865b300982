#include <utility>

#include "gateway/base/escape.h"
#include "gateway/sites/remains.h"
#include "gateway/sites/walk_impl.h"

// access_log: ngx_http_log_module.

namespace tidegate::sites {
namespace {

void standard(std::string& out, std::string_view value, bool found) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  if (!found) {
    out += '-';
    return;
  }
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte > 0x7e || c == '"' || c == '\\') {
      out += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
}

/// nginx's short escapes; what is not UTF-8, which nginx writes as it is, would make the line no JSON.
void json(std::string& out, std::string_view value, bool /*found*/) {
  static constexpr std::string_view kPlain = "\b\f\n\r\t\"\\";
  static constexpr std::string_view kLetters = "bfnrt\"\\";
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t letter = kPlain.find(value[at]);
    if (letter != std::string_view::npos) {
      out += {'\\', kLetters[letter]};
      ++at;
      continue;
    }
    const std::size_t length = read_utf8(value.substr(at)).length;
    append_json_text(out, value.substr(at, length));
    at += length;
  }
}

Expression::Writer writer(conf::LogFormat::Escape escape) {
  switch (escape) {
    case conf::LogFormat::Escape::standard:
      return standard;
    case conf::LogFormat::Escape::json:
      return json;
    case conf::LogFormat::Escape::none:
      return Expression::plain;
  }
  return standard;
}

/// The logs of the request's location that want a line of it, with their formats.
template <typename Log>
void for_each_log(Request& r, Log&& log) {
  if (r.subrequest || r.location == nullptr) return;
  const auto& logs = r.location->conf->access_logs;
  for (std::size_t i = 0; i < logs.size(); ++i) {
    if (!logs[i].condition.empty()) {
      const std::string condition = r.location->log_conditions[i].evaluate(r);
      if (condition.empty() || condition == "0") continue;
    }
    const auto format = r.table.log_formats.find(logs[i].format);
    if (format != r.table.log_formats.end()) log(logs[i].path, format->second);
  }
}

}  // namespace

std::vector<std::pair<std::string_view, std::string>> Walk::log_lines() const {
  std::vector<std::pair<std::string_view, std::string>> out;
  Request& r = impl_->request;
  for_each_log(r, [&](const std::string& path, const LogFormatPart& format) {
    std::string line;
    const Expression::Writer write = writer(format.escape);
    format.text.append(line, r, write, write);
    line += '\n';
    out.emplace_back(path, std::move(line));
  });
  return out;
}

std::unique_ptr<Remains> Walk::leave() {
  Request& r = impl_->request;
  auto remains = std::make_unique<Remains>(r.table, std::move(impl_->places), r.visitor.accepted);
  for_each_log(r, [&](const std::string& path, const LogFormatPart& format) {
    const Expression::Writer write = writer(format.escape);
    auto pieces = format.text.cut(r, write, write, [&r](std::uint32_t variable) {
      return is_late(r.table.variables.at(variable).name);
    });
    remains->add({path, write, std::move(pieces)});
  });
  return remains;
}

}  // namespace tidegate::sites
