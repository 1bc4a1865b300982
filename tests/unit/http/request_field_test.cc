// The rows "bare LF ...", "Host", "Expect" and, as far as it is read, "hop-by-hop" of the table "Requests".
#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

Reason refusal(std::string_view fields) {
  const RequestOutcome outcome = read_get(fields);
  EXPECT_EQ(outcome.head, nullptr);
  return outcome.reason;
}

std::shared_ptr<RequestHead> accepted(std::string_view fields) {
  const RequestOutcome outcome = read_get(fields);
  EXPECT_EQ(word(outcome.reason), word(Reason::none)) << fields;
  return outcome.head ? outcome.head : std::make_shared<RequestHead>();
}

TEST(RequestFields, ComeInOrderWithNamesAsSent) {
  EXPECT_EQ(fields_of(*accepted("b: 1\r\nA: 2\r\nb: 3\r\n")), "Host: example.com\nb: 1\nA: 2\nb: 3\n");
}

TEST(RequestFields, LoseTheWhiteSpaceAroundValues) {
  EXPECT_EQ(accepted("A: \t 1 \t 2 \t \r\n")->value("a"), "1 \t 2");
  EXPECT_EQ(accepted("A:1\r\n")->value("a"), "1");
}

TEST(RequestFields, MayBeEmpty) {
  const auto head = accepted("A:\r\nB: \t\r\nC: 1\r\n");
  EXPECT_EQ(fields_of(*head), "Host: example.com\nA: \nB: \nC: 1\n");
}

TEST(RequestFields, TakeObsTextAndEveryTokenCharacter) {
  EXPECT_EQ(accepted("A: gr\xc3\xbc\xff\x80\r\n")->value("A"), "gr\xc3\xbc\xff\x80");
  EXPECT_EQ(accepted("!#$%&'*+-.^_`|~09azAZ: 1\r\n")->value("!#$%&'*+-.^_`|~09azAZ"), "1");
}

TEST(RequestFields, RefuseABareLineFeed) {
  EXPECT_EQ(refusal("A: 1\nB: 2\r\n"), Reason::bad_field);
  EXPECT_EQ(refusal("A: 1\r\n\nB: 2\r\n"), Reason::bad_field);
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\nHost: a\r\n\n").reason, Reason::bad_field);
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\nHost: a\n\n").reason, Reason::bad_field);
}

TEST(RequestFields, RefuseABareCarriageReturn) {
  EXPECT_EQ(refusal("A: 1\rB: 2\r\n"), Reason::bad_field);
  EXPECT_EQ(refusal("A: 1\r\r\n"), Reason::bad_field);
  EXPECT_EQ(refusal("A\r: 1\r\n"), Reason::bad_field);
  EXPECT_EQ(refusal("\rA: 1\r\n"), Reason::bad_field);
}

TEST(RequestFields, RefuseControlsInValues) {
  for (int c = 0; c < 0x80; ++c) {
    if ((c >= 0x20 && c < 0x7f) || c == '\t') continue;
    EXPECT_EQ(refusal("A: x" + std::string(1, static_cast<char>(c)) + "y\r\n"), Reason::bad_field)
        << "byte " << c;
  }
}

TEST(RequestFields, RefuseWhatIsNoTokenInNames) {
  for (int c = 0; c < 0x100; ++c) {
    const std::string name = "A" + std::string(1, static_cast<char>(c)) + "B";
    const std::string_view separators = "\"(),/:;<=>?@[\\]{} ";
    const bool token =
        c > 0x20 && c < 0x7f && separators.find(static_cast<char>(c)) == std::string_view::npos;
    if (c == ':') continue;  // ends a name
    EXPECT_EQ(read_get(name + ": 1\r\n").reason, token ? Reason::none : Reason::bad_field) << "byte " << c;
  }
}

TEST(RequestFields, RefuseObsFold) {
  EXPECT_EQ(refusal("A: 1\r\n 2\r\n"), Reason::bad_field);
  EXPECT_EQ(refusal("A: 1\r\n\t2\r\n"), Reason::bad_field);
  EXPECT_EQ(refusal("A: 1\r\n \r\n"), Reason::bad_field);
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\n Host: a\r\n\r\n").reason, Reason::bad_field);
}

TEST(RequestFields, RefuseASpaceBeforeTheColon) {
  EXPECT_EQ(refusal("A : 1\r\n"), Reason::bad_field);
  EXPECT_EQ(refusal("A\t: 1\r\n"), Reason::bad_field);
}

TEST(RequestFields, RefuseALineWithoutAColon) {
  EXPECT_EQ(refusal("A\r\n"), Reason::bad_field);
  EXPECT_EQ(refusal("A 1\r\n"), Reason::bad_field);
}

TEST(RequestFields, RefuseAnEmptyName) {
  EXPECT_EQ(refusal(": 1\r\n"), Reason::bad_field);
}

TEST(RequestHost, IsTakenApart) {
  const auto head = read_request("GET / HTTP/1.1\r\nHost: WWW.Example.COM.:8443\r\n\r\n").head;
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->authority, "WWW.Example.COM.:8443");
  EXPECT_EQ(head->host, "www.example.com");
  EXPECT_EQ(head->port, "8443");
}

TEST(RequestHost, IsExactlyOneInHttp11) {
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\n\r\n").reason, Reason::bad_host);
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n").reason, Reason::bad_host);
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").reason, Reason::bad_host);
}

TEST(RequestHost, IsExactlyOneAndValidWithAbsoluteFormToo) {
  EXPECT_EQ(read_request("GET http://a/ HTTP/1.1\r\n\r\n").reason, Reason::bad_host);
  EXPECT_EQ(read_request("GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n").reason, Reason::bad_host);
  EXPECT_EQ(read_request("GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n").reason, Reason::bad_host);
}

TEST(RequestHost, MayLackInHttp10ButNotBeWrongThere) {
  const auto head = read_request("GET / HTTP/1.0\r\n\r\n").head;
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->authority, "");
  EXPECT_EQ(head->host, "");
  EXPECT_EQ(read_request("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n").reason, Reason::bad_host);
  EXPECT_EQ(read_request("GET / HTTP/1.0\r\nHost: a/b\r\n\r\n").reason, Reason::bad_host);
  const auto absolute = read_request("GET http://b/ HTTP/1.0\r\n\r\n").head;
  ASSERT_NE(absolute, nullptr);
  EXPECT_EQ(absolute->host, "b");
}

TEST(RequestHost, ParsesOrTheRequestIsRefused) {
  for (std::string_view good : {"a", "a.b-c_d~e", "1.2.3.4", "[::1]", "[::ffff:1.2.3.4]:443", "a:0",
                                "a:65535", "a:", "a.", "xn--bcher-kva.example", "a%20b"}) {
    EXPECT_EQ(read_request("GET / HTTP/1.1\r\nHost: " + std::string(good) + "\r\n\r\n").reason, Reason::none)
        << good;
  }
  for (std::string_view bad : {"",
                               " ",
                               ":80",
                               "a:65536",
                               "a:-1",
                               "a:+1",
                               "a:8o",
                               "a:80:80",
                               "a b",
                               "a,b",
                               "a/b",
                               "a@b",
                               "u@a:80",
                               "[::1",
                               "[::1]a",
                               "[::1]80",
                               "[]",
                               "[1.2.3.4]",
                               "[fe80::1%25eth0]",
                               "::1",
                               "b\xc3\xbc"
                               "cher",
                               "a%2",
                               "a%zz",
                               ".",
                               "..",
                               "a..b",
                               "a?b",
                               "a#b",
                               "\"a\"",
                               "a\\b",
                               "http://a",
                               "[v1.x]",
                               "a:99999999999999999999"}) {
    EXPECT_EQ(read_request("GET / HTTP/1.1\r\nHost: " + std::string(bad) + "\r\n\r\n").reason,
              Reason::bad_host)
        << bad;
  }
}

TEST(RequestExpect, Knows100ContinueOnly) {
  EXPECT_TRUE(accepted("Expect: 100-continue\r\n")->expect_continue);
  EXPECT_TRUE(accepted("Expect: 100-Continue\r\n")->expect_continue);
  EXPECT_FALSE(accepted("")->expect_continue);
  EXPECT_EQ(refusal("Expect: 200-ok\r\n"), Reason::expectation_failed);
  EXPECT_EQ(refusal("Expect: 100-continue, x\r\n"), Reason::expectation_failed);
  EXPECT_EQ(refusal("Expect: 100-continue\r\nExpect: x\r\n"), Reason::expectation_failed);
  EXPECT_EQ(info(Reason::expectation_failed).http_status, 417);
}

TEST(RequestExpect, IsNothingInHttp10) {
  const auto head = read_request("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").head;
  ASSERT_NE(head, nullptr);
  EXPECT_FALSE(head->expect_continue);
}

TEST(RequestConnection, PersistsInHttp11UnlessClosed) {
  EXPECT_TRUE(accepted("")->keep_alive);
  EXPECT_TRUE(accepted("Connection: keep-alive\r\n")->keep_alive);
  EXPECT_FALSE(accepted("Connection: Close\r\n")->keep_alive);
  EXPECT_FALSE(accepted("Connection: keep-alive\r\nConnection: x ,close\r\n")->keep_alive);
}

TEST(RequestConnection, ClosesInHttp10UnlessKept) {
  EXPECT_FALSE(read_request("GET / HTTP/1.0\r\n\r\n").head->keep_alive);
  EXPECT_TRUE(read_request("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head->keep_alive);
  EXPECT_FALSE(read_request("GET / HTTP/1.0\r\nConnection: Keep-Alive, close\r\n\r\n").head->keep_alive);
}

TEST(RequestConnection, RefusesMoreOptionsThanAnybodyNeeds) {
  std::string options = "Connection: ";
  for (int i = 0; i < 64; ++i) options += "x,";
  EXPECT_EQ(read_get(options + "\r\n").reason, Reason::none);
  EXPECT_EQ(read_get(options + "y\r\n").reason, Reason::bad_field);
}

TEST(RequestTe, SaysWhetherTrailersAreWanted) {
  EXPECT_TRUE(accepted("TE: gzip, Trailers\r\nConnection: TE\r\n")->te_trailers);
  EXPECT_FALSE(accepted("TE: gzip\r\n")->te_trailers);
  EXPECT_FALSE(read_request("GET / HTTP/1.0\r\nTE: trailers\r\n\r\n").head->te_trailers);
}

}  // namespace
}  // namespace tidegate::http
