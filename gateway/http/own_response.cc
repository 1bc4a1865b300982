#include <ctime>

#include "gateway/base/text.h"
#include "gateway/http/date.h"
#include "gateway/http/forward.h"
#include "gateway/http/serialise.h"

namespace tidegate::http {
namespace {

class OwnResponseWriter {
 public:
  OwnResponseWriter(std::string& out, const OwnResponse& response)
      : out_(out), response_(response), rules_(response.rules) {}

  void write() {
    char date[32];
    append_status_line(out_, response_.status, reason_phrase(response_.status));
    write_field("Server", "tidegate");
    write_field("Date", http_date(std::time(nullptr), date));
    if (has_body()) write_body_fields();
    for (const auto& [name, value] : response_.fields) write_field(name, value);
    rules_.append_set(out_);
    if (!response_.keep_alive) {
      append_field(out_, "Connection", "close");
    } else if (response_.client_minor_version == 0) {
      append_field(out_, "Connection", "keep-alive");
    }
    out_ += "\r\n";
    if (has_body() && !response_.head_request) out_ += response_.body;
  }

 private:
  bool has_body() const {
    return response_.status >= 200 && response_.status != 204 && response_.status != 304;
  }

  void write_body_fields() {
    if (!response_.content_type.empty()) write_field("Content-Type", response_.content_type);
    out_ += "Content-Length: ";
    append_number(out_, response_.length.value_or(response_.body.size()));
    out_ += "\r\n";
  }

  void write_field(std::string_view name, std::string_view value) {
    if (!rules_.touches(name)) append_made_field(out_, name, value);
  }

  std::string& out_;
  const OwnResponse& response_;
  AppliedRules rules_;
};

}  // namespace

void append_own_response(std::string& out, const OwnResponse& response) {
  OwnResponseWriter(out, response).write();
}

}  // namespace tidegate::http
