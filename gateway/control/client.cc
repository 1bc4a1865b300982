#include "gateway/control/client.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/control/answer_reader.h"
#include "gateway/control/fields.h"

namespace tidegate::control {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxBody = 64u << 20;  // 10,000 tunnels are a tenth of it

bool is_good(int status) {
  return status >= 200 && status < 300;
}

/// What the gateway says against it: {"error": "..."}.
Failure refusal(int status, const std::string& body) {
  const std::string words = text_of(json::parse(body, nullptr, false), "error");
  return {Failure::Kind::refused, words.empty() ? "the gateway answered " + std::to_string(status) : words};
}

/// Calls on_line for each complete line in `held`, and leaves the rest there.
void split_lines(std::string& held, const std::function<void(std::string_view)>& on_line) {
  std::size_t begin = 0;
  for (std::size_t end = held.find('\n'); end != std::string::npos; end = held.find('\n', begin)) {
    if (end > begin) on_line(std::string_view(held).substr(begin, end - begin));
    begin = end + 1;
  }
  held.erase(0, begin);
}

}  // namespace

std::string segment(std::string_view text) {
  constexpr std::string_view kUnreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

bool Client::broken(const std::string& problem, Failure& failure) const {
  const std::string at = to_string(address_);
  failure = {Failure::Kind::broken, problem == AnswerReader::kCut
                                        ? "the connection to " + at + " was cut; has the gateway ended?"
                                        : "what " + at + " answers is not the admin API: " + problem};
  return false;
}

std::optional<Connection> Client::send(const Request& request, Deadline deadline, Failure& failure) const {
  auto connection = Connection::open(address_, deadline, failure);
  if (!connection) return std::nullopt;
  const std::string host = address_.unix_path.empty() ? to_string(address_) : "admin";
  std::string text =
      request.method + ' ' + request.target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n";
  if (request.method != "GET") text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  text += "\r\n" + request.body;
  // A gateway that refuses a body early has answered, and says why.
  if (!connection->send(text, deadline, failure) && failure.kind != Failure::Kind::broken)
    return std::nullopt;
  return connection;
}

std::optional<Client::Answer> Client::ask(const Request& request, Failure& failure) const {
  const Deadline deadline = std::chrono::steady_clock::now() + request.patience;
  auto connection = send(request, deadline, failure);
  if (!connection) return std::nullopt;
  AnswerReader reader(kMaxBody);
  while (!reader.done()) {
    const auto bytes = connection->receive(deadline, failure);
    if (!bytes) return std::nullopt;
    if (!(bytes->empty() ? reader.end() : reader.feed(*bytes))) {
      broken(reader.problem(), failure);
      return std::nullopt;
    }
  }
  Answer answer{reader.take_body(), reader.status() == 422};
  if (is_good(reader.status()) || answer.refused) return answer;
  failure = refusal(reader.status(), answer.body);
  return std::nullopt;
}

std::optional<json> Client::ask_json(const Request& request, Failure& failure) const {
  const auto answer = ask(request, failure);
  if (!answer) return std::nullopt;
  json parsed = json::parse(answer->body, nullptr, false);
  if (answer->refused && parsed.is_object() && parsed.contains("error")) {
    failure = refusal(422, answer->body);
    return std::nullopt;
  }
  if (!parsed.is_discarded()) return parsed;
  broken("no JSON", failure);
  return std::nullopt;
}

bool Client::follow(const Request& request, const std::function<void(std::string_view line)>& on_line,
                    Failure& failure) const {
  const Deadline deadline = std::chrono::steady_clock::now() + request.patience;
  auto connection = send(request, deadline, failure);
  if (!connection) return false;
  AnswerReader reader(kMaxBody);
  std::string held;
  while (!reader.done()) {
    const auto bytes = connection->receive(reader.has_head() ? Deadline::max() : deadline, failure);
    if (!bytes) return false;
    if (!(bytes->empty() ? reader.end() : reader.feed(*bytes))) return broken(reader.problem(), failure);
    held += reader.take_body();
    if (is_good(reader.status())) split_lines(held, on_line);
    if (held.size() > kMaxBody) return broken("a line of it is too long", failure);
  }
  if (is_good(reader.status())) return true;
  failure = refusal(reader.status(), held);
  return false;
}

}  // namespace tidegate::control
