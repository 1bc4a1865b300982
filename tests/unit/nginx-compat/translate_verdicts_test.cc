#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nginx-compat/decisions.h"
#include "nginx-compat/directive_table.h"
#include "tests/unit/nginx-compat/translated.h"

namespace tidegate::nginx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Verdict::Kind;

TEST(TranslateVerdicts, EveryDirectiveOfTheGrammarHasADecision) {
  for (const auto& rules : {front_door_rules(), other_module_rules()}) {
    for (const DirectiveRule& rule : rules) {
      const Decision* const decision = decision_of(rule.name);
      ASSERT_NE(decision, nullptr) << rule.name;
      if (decision->handle != nullptr) continue;
      EXPECT_TRUE(decision->kind == Kind::exact || !decision->why.empty())
          << rule.name << " does not say why";
    }
  }
}

TEST(TranslateVerdicts, EveryDecisionIsAboutADirectiveOfTheGrammar) {
  for (const auto decisions :
       {core_decisions(), server_decisions(), listen_decisions(), location_decisions(), rewrite_decisions(),
        variable_decisions(), proxy_decisions(), proxy_tls_decisions(), upstream_decisions(), tls_decisions(),
        access_decisions(), limit_decisions(), file_decisions(), log_decisions(), fixed_decisions()}) {
    for (const Decision& decision : decisions) {
      EXPECT_TRUE(is_directive(decision.name)) << decision.name;
      EXPECT_EQ(decision_of(decision.name), &decision) << decision.name << " is decided twice";
    }
  }
}

/// The configuration that most WebSocket servers sit behind.
constexpr const char* kUsual = R"(
server {
    listen 80;
    listen [::]:80;
    server_name yourdomain.com;
    location /.well-known/acme-challenge/ { root /var/www/html; }
    location / { return 301 https://$host$request_uri; }
}
server {
    listen 443 ssl;
    listen [::]:443 ssl;
    server_name yourdomain.com;
    ssl_certificate     /etc/letsencrypt/live/yourdomain.com/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/yourdomain.com/privkey.pem;
    ssl_protocols       TLSv1.2 TLSv1.3;
    ssl_ciphers         ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256;
    ssl_prefer_server_ciphers on;
    location / {
        proxy_pass http://localhost:3000;
        proxy_http_version 1.1;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "upgrade";
        proxy_set_header Host $host;
        proxy_set_header X-Real-IP $remote_addr;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_cache_bypass $http_upgrade;
    }
}
)";

TEST(TranslateVerdicts, TheUsualFileIsExactButForWhatHasNoEffect) {
  const Translated file = in_http(kUsual);
  EXPECT_THAT(file.complaints, IsEmpty());
  for (const Verdict& verdict : file.translation.report)
    EXPECT_TRUE(verdict.kind == Kind::exact || verdict.directive == "proxy_cache_bypass $http_upgrade")
        << verdict.directive << ": " << verdict.why;
  EXPECT_EQ(file.verdict("proxy_cache_bypass").kind, Kind::ignored);
}

TEST(TranslateVerdicts, StandInTheOrderOfTheFile) {
  const Translated file = in_server("gzip on; location /a { root /x; }\nsendfile on;");
  std::vector<std::string> directives;
  for (const Verdict& verdict : file.translation.report) directives.push_back(verdict.directive);
  EXPECT_THAT(directives,
              ElementsAre("events", "http", "server", "listen 127.0.0.1:80", "server_name example.com",
                          "gzip on", "location /a", "root /x", "sendfile on"));
  EXPECT_EQ(file.verdict("gzip").kind, Kind::approximated);
  EXPECT_EQ(file.verdict("sendfile").kind, Kind::ignored);
}

TEST(TranslateVerdicts, WhatIsRefusedIsAnErrorThatSaysWhatToDo) {
  const Translated file = in_server("location / {\nfastcgi_pass 127.0.0.1:9000; fastcgi_param A b; }");
  EXPECT_THAT(file.complaints, ElementsAre(HasSubstr("nginx.conf:5: \"fastcgi_pass\" directive is refused: "
                                                     "FastCGI is not spoken; put an HTTP server before")));
  EXPECT_EQ(file.verdict("fastcgi_param").kind, Kind::ignored);
}

TEST(TranslateVerdicts, PermissiveGoesOnWithoutWhatChangesNoAnswer) {
  const std::string text = "server { limit_rate 1k; }";
  EXPECT_THAT(in_http(text).complaints, ElementsAre(HasSubstr("--permissive goes on without")));
  TranslateOptions options;
  options.permissive = true;
  EXPECT_THAT(in_http(text, options).complaints, ElementsAre(HasSubstr("warning: \"limit_rate\"")));
  EXPECT_THAT(in_http("server { ssi on; }", options).complaints,
              ElementsAre(HasSubstr("nginx.conf:3: \"ssi\" directive is refused")));
}

TEST(TranslateVerdicts, AnImportHearsOfRefusalsInTheReportAlone) {
  TranslateOptions options;
  options.report_refusals_only = true;
  const Translated file = in_http("server { ssi on; }", options);
  EXPECT_THAT(file.complaints, IsEmpty());
  EXPECT_EQ(file.verdict("ssi").kind, Kind::refused);
}

TEST(TranslateVerdicts, ADirectiveIsToldOnOneLine) {
  const Translated file = in_server("return 200 \"two\nlines\";");
  EXPECT_EQ(file.verdict("return").directive, "return 200 \"two\\x0alines\"");
}

/// nginx would let in the clients of those authorities too.
TEST(TranslateVerdicts, RefusesAuthoritiesThatVerifyNobody) {
  const std::string server =
      "server { listen 1 ssl; ssl_certificate c; ssl_certificate_key k; ssl_client_certificate ca;\n";
  EXPECT_THAT(in_http("ssl_trusted_certificate more;" + server + "}").complaints, IsEmpty());
  EXPECT_THAT(
      in_http("ssl_trusted_certificate more;" + server + "ssl_verify_client on; }").complaints,
      ElementsAre(HasSubstr("\"ssl_trusted_certificate\" directive is refused: clients are verified by "
                            "ssl_client_certificate alone")));
  EXPECT_THAT(in_http(server + "ssl_verify_client optional; ssl_trusted_certificate more; }").complaints,
              ElementsAre(HasSubstr("nginx.conf:4: \"ssl_trusted_certificate\" directive is refused")));
}

}  // namespace
}  // namespace tidegate::nginx
