#include "gateway/http/body.h"

#include <algorithm>
#include <charconv>

#include "gateway/base/text.h"
#include "gateway/http/grammar.h"

namespace tidegate::http {
namespace {

constexpr std::size_t kMaxSizeDigits = 16;  // 64 bits, so that no size can overflow
constexpr std::size_t kMaxExtensionBytes = 256;
constexpr std::size_t kMaxExtensionsTotalBytes = 16 * kKiB;
constexpr std::size_t kMaxTrailerBytes = 16 * kKiB;
constexpr std::size_t kMaxTrailerFields = 100;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Takes apart a field section that FieldScanner has found complete.
std::vector<std::pair<std::string, std::string>> split_fields(std::string_view section) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!section.starts_with('\r')) {
    const std::size_t colon = section.find(':');
    const std::size_t end = section.find('\r', colon);
    fields.emplace_back(section.substr(0, colon), trim_ows(section.substr(colon + 1, end - colon - 1)));
    section.remove_prefix(end + 2);
  }
  return fields;
}

}  // namespace

BodyDecoder::BodyDecoder(Framing framing, std::uint64_t content_length, Party sender)
    : trailer_scanner_(kMaxTrailerFields), framing_(framing), sender_(sender), place_(Place::complete) {
  switch (framing) {
    case Framing::none:
      break;
    case Framing::length:
      remaining_ = content_length;
      place_ = content_length == 0 ? Place::complete : Place::payload;
      break;
    case Framing::chunked:
      place_ = Place::size;
      break;
    case Framing::until_close:
      place_ = Place::payload;
      break;
  }
}

Result<BodyDecoder::Step> BodyDecoder::feed(Bytes bytes) {
  switch (place_) {
    case Place::complete:
      return Step{};
    case Place::failed:
      return fail(failed_with_);
    case Place::payload:
    case Place::chunk:
      return take_payload(bytes);
    case Place::trailers:
      return feed_trailers(as_text(bytes));
    case Place::size:
    case Place::extension:
    case Place::size_lf:
    case Place::chunk_cr:
    case Place::chunk_lf:
      break;
  }
  const auto framing = feed_framing(as_text(bytes));
  if (!framing || place_ != Place::chunk) return framing;
  Step step = take_payload(bytes.subspan(framing.value().consumed));
  step.consumed += framing.value().consumed;
  return step;
}

bool BodyDecoder::complete() const {
  return place_ == Place::complete;
}

bool BodyDecoder::may_end_here() const {
  return complete() || (framing_ == Framing::until_close && place_ != Place::failed);
}

std::uint64_t BodyDecoder::payload_bytes() const {
  return payload_bytes_;
}

const std::vector<std::pair<std::string, std::string>>& BodyDecoder::trailers() const {
  return trailers_;
}

Result<BodyDecoder::Step> BodyDecoder::fail(Reason reason) {
  place_ = Place::failed;
  failed_with_ = reason;
  if (sender_ == Party::client) return Error(reason);
  return Error(Reason::upstream_bad_response, sender_);
}

/// The bytes between chunks, up to the next data, the trailers or the end of what there is.
Result<BodyDecoder::Step> BodyDecoder::feed_framing(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size() && place_ != Place::chunk && place_ != Place::trailers) {
    if (const Reason refused = accept(text[i]); refused != Reason::none) return fail(refused);
    ++i;
  }
  if (place_ != Place::trailers) return Step{i, {}};
  auto step = feed_trailers(text.substr(i));
  if (step) step.value().consumed += i;
  return step;
}

Reason BodyDecoder::accept(char c) {
  switch (place_) {
    case Place::size:
      return accept_size(c);
    case Place::extension:
      if (c == '\r') {
        place_ = Place::size_lf;
        return Reason::none;
      }
      if (!is_char(c, kValueChar)) return Reason::bad_chunk;
      ++extensions_total_bytes_;
      if (++extension_bytes_ > kMaxExtensionBytes || extensions_total_bytes_ > kMaxExtensionsTotalBytes) {
        return Reason::bad_chunk;
      }
      return Reason::none;
    case Place::size_lf:
      if (c != '\n') return Reason::bad_chunk;
      place_ = remaining_ == 0 ? Place::trailers : Place::chunk;
      return Reason::none;
    case Place::chunk_cr:
      if (c != '\r') return Reason::bad_chunk;
      place_ = Place::chunk_lf;
      return Reason::none;
    case Place::chunk_lf:
      if (c != '\n') return Reason::bad_chunk;
      place_ = Place::size;
      size_digits_ = 0;
      extension_bytes_ = 0;
      return Reason::none;
    case Place::payload:
    case Place::chunk:
    case Place::trailers:
    case Place::complete:
    case Place::failed:
      break;
  }
  return Reason::bad_chunk;
}

/// RFC 9112 §7.1. White space behind the digits, which a lenient reader passes over, is refused.
Reason BodyDecoder::accept_size(char c) {
  if (const int digit = hex_value(c); digit >= 0) {
    if (++size_digits_ > kMaxSizeDigits) return Reason::bad_chunk;
    remaining_ = remaining_ << 4 | static_cast<std::uint64_t>(digit);
    return Reason::none;
  }
  if (size_digits_ == 0 || (c != '\r' && c != ';')) return Reason::bad_chunk;
  place_ = c == '\r' ? Place::size_lf : Place::extension;
  return Reason::none;
}

Result<BodyDecoder::Step> BodyDecoder::feed_trailers(std::string_view text) {
  const std::string_view allowed = text.substr(0, kMaxTrailerBytes - trailer_text_.size());
  const FieldScanner::Step step = trailer_scanner_.feed(allowed);
  trailer_text_.append(allowed.substr(0, step.consumed));
  switch (step.verdict) {
    case FieldScanner::Verdict::bad:
      return fail(Reason::bad_field);
    case FieldScanner::Verdict::too_many:
      return fail(Reason::head_too_large);
    case FieldScanner::Verdict::more:
      if (allowed.size() < text.size()) return fail(Reason::head_too_large);
      break;
    case FieldScanner::Verdict::complete:
      trailers_ = split_fields(trailer_text_);
      trailer_text_ = {};
      place_ = Place::complete;
      break;
  }
  return Step{step.consumed, {}};
}

BodyDecoder::Step BodyDecoder::take_payload(Bytes bytes) {
  std::size_t size = bytes.size();
  if (framing_ != Framing::until_close) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, remaining_));
    remaining_ -= size;
    if (remaining_ == 0) place_ = place_ == Place::chunk ? Place::chunk_cr : Place::complete;
  }
  payload_bytes_ += size;
  return {size, bytes.first(size)};
}

std::string_view chunk_header(std::uint64_t size, char (&buffer)[24]) {
  char* end = std::to_chars(buffer, buffer + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

}  // namespace tidegate::http
