#include "gateway/tls/material.h"

#include <gmock/gmock.h>

#include "tests/support/certificates.h"

namespace tidegate::tls {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class MaterialTest : public testing::Test {
 protected:
  MaterialTest() {
    good = authority.issue({.names = {"example.com"}});
    use(good.certificate, good.private_key);
  }
  void use(const std::string& certificate, const std::string& key, unsigned key_mode = 0600) {
    conf.certificates = {{{files.write("c.pem", certificate), {"f.yaml", 3, 9}},
                          {files.write("k.pem", key, key_mode), {"f.yaml", 4, 9}}}};
  }
  /// Every complaint, one on a line, in the form that users see.
  std::string complaints() {
    Diagnostics diagnostics;
    const auto material = ServerMaterial::load(conf, "https", diagnostics);
    EXPECT_EQ(material == nullptr, diagnostics.failed());
    std::string all;
    for (const Diagnostic& diagnostic : diagnostics.list()) all += to_string(diagnostic) + "\n";
    return all;
  }

  test::Authority authority;
  test::TempDir files;
  test::Issued good;
  conf::ListenerTls conf;
};

TEST_F(MaterialTest, TakesWhatIsRight) {
  EXPECT_THAT(complaints(), IsEmpty());
}

TEST_F(MaterialTest, NamesFilesThatCannotBeRead) {
  conf.certificates[0].certificate.value = "/nowhere/c.pem";
  conf.certificates[0].private_key.value = files.path();
  const std::string all = complaints();
  EXPECT_THAT(all, HasSubstr("f.yaml:3:9: can't read certificate /nowhere/c.pem: No such file or directory"));
  EXPECT_THAT(all, HasSubstr("f.yaml:4:9: can't read private key " + files.path() + ": Is a directory"));
}

TEST_F(MaterialTest, WantsPem) {
  use("not PEM", "neither");
  const std::string all = complaints();
  EXPECT_THAT(all, HasSubstr("c.pem holds no certificate that can be read"));
  EXPECT_THAT(all, HasSubstr("k.pem holds no private key that can be read"));
}

TEST_F(MaterialTest, WantsEveryCertificateOfTheChain) {
  use(good.certificate + "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n",
      good.private_key);
  EXPECT_THAT(complaints(), HasSubstr("c.pem holds no certificate that can be read"));
}

TEST_F(MaterialTest, ComparesKeyAndCertificate) {
  use(good.certificate, authority.issue({.names = {"example.com"}}).private_key);
  EXPECT_THAT(complaints(),
              AllOf(HasSubstr("f.yaml:4:9: private key "), HasSubstr("does not match certificate "),
                    HasSubstr("name the key that the certificate was made for")));
  use(good.certificate, authority.issue({.names = {"x"}, .key = test::KeyType::rsa}).private_key);
  EXPECT_THAT(complaints(), HasSubstr("does not match certificate "));
}

TEST_F(MaterialTest, ExplainsAChainInTheWrongOrder) {
  use(authority.certificate() + good.certificate, good.private_key);
  EXPECT_THAT(complaints(), HasSubstr("the server's own certificate must come first"));
}

TEST_F(MaterialTest, RefusesEncryptedKeys) {
  use(good.certificate, test::encrypted(good.private_key, "secret"));
  EXPECT_THAT(complaints(), HasSubstr("k.pem is encrypted; passphrases are not supported"));
}

TEST_F(MaterialTest, WarnsOfKeysThatEverybodyCanRead) {
  use(good.certificate, good.private_key, 0644);
  EXPECT_THAT(complaints(), AllOf(HasSubstr("f.yaml:4:9: warning: private key "), HasSubstr("chmod 600 ")));
  use(good.certificate, good.private_key, 0640);
  EXPECT_THAT(complaints(), IsEmpty());
}

TEST_F(MaterialTest, WarnsOfDates) {
  const test::Issued expired =
      authority.issue({.names = {"example.com"}, .valid_from_days = -10, .valid_to_days = -1});
  use(expired.certificate, expired.private_key);
  EXPECT_THAT(complaints(), AllOf(HasSubstr("f.yaml:3:9: warning: certificate "), HasSubstr(" expired on ")));
  const test::Issued early =
      authority.issue({.names = {"example.com"}, .valid_from_days = 1, .valid_to_days = 10});
  use(early.certificate, early.private_key);
  EXPECT_THAT(complaints(), HasSubstr(" is not valid before "));
}

TEST_F(MaterialTest, RefusesKeysThatOpensslFindsTooSmall) {
  const test::Issued weak = authority.issue({.names = {"x"}, .key = test::KeyType::rsa, .rsa_bits = 1024});
  use(weak.certificate, weak.private_key);
  EXPECT_THAT(complaints(),
              AllOf(HasSubstr("f.yaml:3:9: OpenSSL refuses certificate "), HasSubstr("too small")));
}

TEST_F(MaterialTest, ChecksCiphers) {
  conf.ciphers = {"NONSENSE", {"f.yaml", 5, 5}};
  conf.ciphersuites = {"ALSO_NONSENSE", {"f.yaml", 6, 5}};
  const std::string all = complaints();
  EXPECT_THAT(all, HasSubstr("f.yaml:5:5: ciphers: OpenSSL finds no cipher in \"NONSENSE\""));
  EXPECT_THAT(all, HasSubstr("f.yaml:6:5: ciphersuites: \"ALSO_NONSENSE\" is not a list"));
}

TEST_F(MaterialTest, WarnsOfCiphersItDoesNotKnow) {
  conf.ciphers = {"ECDHE-RSA-AES128-GCM-SHA256:NONSENSE:TLS_AES_128_GCM_SHA256:!aNULL:@SECLEVEL=2",
                  {"f.yaml", 5, 5}};
  const std::string all = complaints();
  EXPECT_THAT(all, HasSubstr("f.yaml:5:5: warning: OpenSSL does not know the cipher NONSENSE"));
  EXPECT_THAT(all, HasSubstr("warning: TLS_AES_128_GCM_SHA256 is a TLS 1.3 suite"));
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 2) << all;
}

TEST_F(MaterialTest, TakesTheCipherListsThatPeopleHave) {
  for (const char* list :
       {"HIGH:!aNULL:!MD5", "DEFAULT", "ALL:!COMPLEMENTOFDEFAULT", "EECDH+AESGCM:EDH+AESGCM",
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        "ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384"}) {
    conf.ciphers.value = list;
    EXPECT_THAT(complaints(), IsEmpty()) << list;
  }
}

TEST_F(MaterialTest, ChecksTheAuthorityOfClients) {
  conf.client_auth =
      conf::ClientAuth{{"/nowhere/ca.pem", {"f.yaml", 7, 7}}, conf::ClientAuth::Verify::required};
  EXPECT_THAT(complaints(), HasSubstr("f.yaml:7:7: can't read client_auth ca /nowhere/ca.pem: "));
  conf.client_auth->ca.value = files.write("ca.pem", "empty");
  EXPECT_THAT(complaints(), HasSubstr("ca.pem holds no certificate that can be read"));
}

TEST_F(MaterialTest, WantsACertificate) {
  conf.certificates.clear();
  conf.at = {"f.yaml", 2, 5};
  EXPECT_THAT(complaints(), HasSubstr("f.yaml:2:5: tls has no certificate"));
  conf.self_signed_for = {"localhost"};
  EXPECT_THAT(complaints(), IsEmpty());
}

TEST_F(MaterialTest, ReportsEveryComplaint) {
  conf.certificates.push_back({{"/nowhere/1", {}}, {"/nowhere/2", {}}});
  conf.ciphers.value = "NONSENSE";
  const std::string all = complaints();
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 3) << all;
}

}  // namespace
}  // namespace tidegate::tls
