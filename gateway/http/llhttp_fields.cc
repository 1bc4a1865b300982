#include "gateway/http/llhttp_fields.h"

#include <llhttp.h>

#include <algorithm>
#include <array>

#include "gateway/base/text.h"

namespace tidegate::http {
namespace {

#define TIDEGATE_METHOD_NAME(number, name, string) std::string_view(#string),
constexpr std::array kMethods{HTTP_METHOD_MAP(TIDEGATE_METHOD_NAME)};
#undef TIDEGATE_METHOD_NAME

struct Reader {
  std::vector<Field>* fields;
  std::size_t expected_fields;
};

Reader& reader_of(llhttp_t* parser) {
  return *static_cast<Reader*>(parser->data);
}

// Room for the expected fields is reserved, so that nothing here allocates: no exception may cross llhttp's
// frames.
int on_header_field(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  Reader& reader = reader_of(parser);
  if (reader.fields->size() == reader.expected_fields) return HPE_USER;
  reader.fields->push_back({{at, size}, {}});
  return HPE_OK;
}

int on_header_value(llhttp_t* parser, const char* at, std::size_t size) noexcept {
  Reader& reader = reader_of(parser);
  if (reader.fields->empty() || !reader.fields->back().value.empty()) return HPE_USER;
  reader.fields->back().value = trim_ows({at, size});
  return HPE_OK;
}

int on_headers_complete(llhttp_t*) noexcept {
  return HPE_PAUSED;
}

const llhttp_settings_t& settings() {
  static const llhttp_settings_t kSettings = [] {
    llhttp_settings_t made;
    llhttp_settings_init(&made);
    made.on_header_field = on_header_field;
    made.on_header_value = on_header_value;
    made.on_headers_complete = on_headers_complete;
    return made;
  }();
  return kSettings;
}

Reason reason_of(llhttp_errno_t error) {
  if (error == HPE_INVALID_METHOD) return Reason::method_unknown;
  if (error == HPE_INVALID_URL) return Reason::bad_target;
  if (error == HPE_INVALID_VERSION || error == HPE_INVALID_CONSTANT || error == HPE_INVALID_STATUS) {
    return Reason::bad_request_line;
  }
  if (error == HPE_INVALID_CONTENT_LENGTH || error == HPE_UNEXPECTED_CONTENT_LENGTH ||
      error == HPE_INVALID_TRANSFER_ENCODING) {
    return Reason::bad_framing;
  }
  return Reason::bad_field;
}

}  // namespace

bool is_known_method(std::string_view method) {
  return method != "SOURCE" && std::find(kMethods.begin(), kMethods.end(), method) != kMethods.end();
}

Reason read_fields(Head& head, std::string_view text, MessageKind kind, std::size_t expected_fields) {
  head.fields.reserve(expected_fields);
  Reader reader{&head.fields, expected_fields};
  llhttp_t parser;
  llhttp_init(&parser, kind == MessageKind::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
  parser.data = &reader;
  const llhttp_errno_t verdict = llhttp_execute(&parser, text.data(), text.size());
  if (verdict != HPE_PAUSED) return verdict == HPE_OK ? Reason::bad_field : reason_of(verdict);
  return head.fields.size() == expected_fields ? Reason::none : Reason::bad_field;
}

}  // namespace tidegate::http
