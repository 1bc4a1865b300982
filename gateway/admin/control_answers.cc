#include "gateway/admin/control_answers.h"

namespace tidegate::admin {

std::vector<std::pair<std::string_view, std::string>> guarding_fields(std::string_view policy) {
  return {{"Cache-Control", "no-store"},
          {"X-Content-Type-Options", "nosniff"},
          {"X-Frame-Options", "DENY"},
          {"Content-Security-Policy", std::string(policy)},
          {"Cross-Origin-Resource-Policy", "same-origin"},
          {"Referrer-Policy", "no-referrer"}};
}

Answer json_answer(const Json& json, int status) {
  Answer answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = to_text(json) + "\n";
  answer.fields = guarding_fields("default-src 'none'; frame-ancestors 'none'");
  return answer;
}

Answer error_answer(int status, const std::string& error) {
  return json_answer({{"error", error}}, status);
}

Answer no_such_tunnel(const std::string& id) {
  return error_answer(404, "there is no tunnel " + id + " (any more); ask for /tunnels");
}

}  // namespace tidegate::admin
