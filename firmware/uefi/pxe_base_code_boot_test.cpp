// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/pxe_base_code_test_bed.h"

namespace kedge::uefi {
namespace {

// --- Dhcp

TEST_F(PxeBaseCodeTest, DhcpTakesTheNewLeaseAndResetsTheFilter) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  EFI_PXE_BASE_CODE_IP_FILTER filter{};
  filter.Filters = EFI_PXE_BASE_CODE_IP_FILTER_PROMISCUOUS;
  ASSERT_EQ(pxe->SetIpFilter(pxe, &filter), EFI_SUCCESS);
  PxeLease offered = lease();
  offered.proxy_offer = dhcp_message();
  backend.on_dhcp = [&](PxeWatch&) { return Result<PxeLease>(offered); };
  EXPECT_EQ(pxe->Dhcp(pxe, TRUE), EFI_SUCCESS);
  EXPECT_EQ(mode.DhcpAckReceived, TRUE);
  EXPECT_EQ(mode.IpFilter.Filters, EFI_PXE_BASE_CODE_IP_FILTER_STATION_IP);
}

struct PxeDhcpFailures : PxeBaseCodeTest, testing::WithParamInterface<Failure> {};

TEST_P(PxeDhcpFailures, AreToldByTheirStatus) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  backend.on_dhcp = [&](PxeWatch&) { return Result<PxeLease>(fail(*GetParam().site)); };
  EXPECT_EQ(pxe->Dhcp(pxe, FALSE), GetParam().status);
  EXPECT_EQ(mode.DhcpAckReceived, FALSE);
  EXPECT_EQ(mode.IcmpErrorReceived, GetParam().status == EFI_ICMP_ERROR);
}

INSTANTIATE_TEST_SUITE_P(
    All, PxeDhcpFailures,
    testing::Values(Failure{"Silence", &err::dhcp_no_answer, EFI_TIMEOUT},
                    Failure{"OnlyProxy", &err::dhcp_only_proxy, EFI_NO_RESPONSE},
                    Failure{"NoAddress", &err::dhcp_no_address, EFI_NO_RESPONSE},
                    Failure{"NoLink", &err::net_no_link, EFI_DEVICE_ERROR},
                    Failure{"NoMemory", &err::base_no_memory, EFI_OUT_OF_RESOURCES},
                    Failure{"Icmp", &err::net_refused, EFI_ICMP_ERROR}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(PxeBaseCodeTest, TheCallbackSeesDhcpsPacketsAndMayEndIt) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  want_callbacks();
  callback.abort_at = 1;
  backend.on_dhcp = [&](PxeWatch& watch) -> Result<PxeLease> {
    watch.packet(PxeWatch::Direction::sent, as_byte_view("DISCOVER"));
    EXPECT_TRUE(callback.calls.empty()) << "it is told where nothing is half done";
    EXPECT_TRUE(watch.tell());
    watch.packet(PxeWatch::Direction::received, as_byte_view("OFFER"));
    EXPECT_FALSE(watch.tell());
    EXPECT_FALSE(watch.waiting()) << "once ended, ended for good";
    return fail(err::async_cancelled);
  };
  EXPECT_EQ(pxe->Dhcp(pxe, FALSE), EFI_ABORTED);
  ASSERT_EQ(callback.calls.size(), 2U);
  EXPECT_EQ(callback.calls[0].first, EFI_PXE_BASE_CODE_FUNCTION_DHCP);
  EXPECT_EQ(callback.calls[1].second, "OFFER");
  EXPECT_EQ(mode.DhcpAckReceived, FALSE);
}

TEST_F(PxeBaseCodeTest, ACallbackThatWasTakenAwayIsNotCalled) {
  start_with_lease();
  want_callbacks();
  fake.remove_protocol(handle, kGuid<EFI_PXE_BASE_CODE_CALLBACK_PROTOCOL>);
  serve("content");
  std::vector<char> buffer(16);
  UINT64 size = buffer.size();
  EXPECT_EQ(read(buffer, size), EFI_SUCCESS);
  EXPECT_TRUE(callback.calls.empty());
}

// --- Discover

TEST_F(PxeBaseCodeTest, DiscoverNeedsAnAddressAndNoBis) {
  ASSERT_EQ(pxe->Start(pxe, FALSE), EFI_SUCCESS);
  UINT16 layer = 0;
  EXPECT_EQ(pxe->Discover(pxe, 0, &layer, FALSE, nullptr), EFI_INVALID_PARAMETER) << "no address";
  producer->adopt(lease());
  EXPECT_EQ(pxe->Discover(pxe, 0, &layer, TRUE, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(pxe->Discover(pxe, 0, &layer, FALSE, nullptr), EFI_INVALID_PARAMETER)
      << "the ACK has no PXE options";
}

TEST_F(PxeBaseCodeTest, DiscoverFollowsThePacketsOptions) {
  // Discovery control 3 (no broadcast, no multicast), type 2 at two servers, type 3 at one.
  const std::uint8_t options[] = {6,   1, 3, 8,  18, 0, 2, 2,   192, 0, 2, 1,
                                  192, 0, 2, 77, 0,  3, 1, 192, 0,   2, 9, 255};
  PxeLease with_menu = lease();
  with_menu.proxy_offer = dhcp_message(std::as_bytes(std::span(options)));
  producer->adopt(with_menu);
  PxeSearch seen;
  backend.on_discover = [&](const PxeSearch& search, PxeWatch&) {
    seen = search;
    return Result<PxeSearchResult>({bytes("request"), bytes("reply")});
  };
  UINT16 layer = 0;
  EXPECT_EQ(pxe->Discover(pxe, 2, &layer, FALSE, nullptr), EFI_SUCCESS);
  EXPECT_EQ(seen.type, 2);
  EXPECT_FALSE(seen.broadcast);
  EXPECT_TRUE(seen.multicast.is_any());
  EXPECT_EQ(seen.servers, (std::vector<wire::Ipv4Address>{kServer, kOther}));
  EXPECT_TRUE(seen.accepted.empty());
  EXPECT_EQ(mode.PxeDiscoverValid, TRUE);
  EXPECT_EQ(mode.PxeReplyReceived, TRUE);
  EXPECT_EQ(std::memcmp(mode.PxeReply.Raw, "reply\0", 6), 0);
  EXPECT_EQ(pxe->Discover(pxe, 7, &layer, FALSE, nullptr), EFI_INVALID_PARAMETER)
      << "nobody is listed for this type, and nothing else is allowed";
}

TEST_F(PxeBaseCodeTest, DiscoverAsksTheServerOfTheFirstLayerForLaterOnes) {
  start_with_lease();
  UINT16 layer = 1;
  EXPECT_EQ(pxe->Discover(pxe, 0, &layer, FALSE, nullptr), EFI_INVALID_PARAMETER);
  PxeLease answered = lease();
  answered.boot_server_reply = dhcp_message({}, kOther);
  producer->adopt(answered);
  PxeSearch seen;
  backend.on_discover = [&](const PxeSearch& search, PxeWatch&) {
    seen = search;
    return Result<PxeSearchResult>({bytes("q"), bytes("r")});
  };
  EXPECT_EQ(pxe->Discover(pxe, 0, &layer, FALSE, nullptr), EFI_SUCCESS);
  EXPECT_EQ(seen.layer, 1);
  EXPECT_EQ(seen.servers, std::vector<wire::Ipv4Address>{kOther});
  EXPECT_EQ(seen.accepted, seen.servers);
}

struct DiscoverInfo {
  struct {
    EFI_PXE_BASE_CODE_DISCOVER_INFO info;
    EFI_PXE_BASE_CODE_SRVLIST more[3];
  } memory{};
  EFI_PXE_BASE_CODE_DISCOVER_INFO* info = &memory.info;
  EFI_PXE_BASE_CODE_SRVLIST& server(unsigned index) {
    auto* start =
        reinterpret_cast<std::byte*>(&memory) + offsetof(EFI_PXE_BASE_CODE_DISCOVER_INFO, SrvList);
    return reinterpret_cast<EFI_PXE_BASE_CODE_SRVLIST*>(start)[index];
  }
};

TEST_F(PxeBaseCodeTest, DiscoverChecksWhatTheCallerWants) {
  start_with_lease();
  UINT16 layer = 0;
  DiscoverInfo given;
  const auto call = [&] { return pxe->Discover(pxe, 2, &layer, FALSE, given.info); };
  EXPECT_EQ(call(), EFI_INVALID_PARAMETER) << "no way is allowed";
  given.info->UseUCast = TRUE;
  EXPECT_EQ(call(), EFI_INVALID_PARAMETER) << "one by one, but nobody is listed";
  given.info->UseUCast = FALSE;
  given.info->UseMCast = TRUE;
  EXPECT_EQ(call(), EFI_INVALID_PARAMETER) << "the group is none";
  given.info->UseMCast = FALSE;
  given.info->UseBCast = TRUE;
  given.info->MustUseList = TRUE;
  EXPECT_EQ(call(), EFI_INVALID_PARAMETER) << "the list is empty";
  given.info->IpCnt = 2;
  given.server(1).AcceptAnyResponse = TRUE;
  EXPECT_EQ(call(), EFI_INVALID_PARAMETER) << "anybody, after somebody was named";
  given.server(1).AcceptAnyResponse = FALSE;
  EXPECT_EQ(call(), EFI_INVALID_PARAMETER) << "nobody of this type is listed";
  given.info->IpCnt = 0xffff;
  EXPECT_EQ(call(), EFI_INVALID_PARAMETER);
}

TEST_F(PxeBaseCodeTest, DiscoverSearchesAsTheCallerWants) {
  start_with_lease();
  PxeSearch seen;
  backend.on_discover = [&](const PxeSearch& search, PxeWatch&) {
    seen = search;
    return Result<PxeSearchResult>(fail(err::dhcp_boot_server_silent));
  };
  DiscoverInfo given;
  given.info->UseMCast = given.info->UseBCast = given.info->MustUseList = TRUE;
  given.info->ServerMCastIp = raw({239, 1, 2, 3});
  given.info->IpCnt = 2;
  given.server(0).Type = 2;
  given.server(0).IpAddr = raw(kServer);
  given.server(1).Type = 9;
  given.server(1).IpAddr = raw(kOther);
  UINT16 layer = 0;
  EXPECT_EQ(pxe->Discover(pxe, 2, &layer, FALSE, given.info), EFI_TIMEOUT);
  EXPECT_EQ(seen.multicast, wire::Ipv4Address(239, 1, 2, 3));
  EXPECT_TRUE(seen.broadcast);
  EXPECT_TRUE(seen.servers.empty());
  EXPECT_EQ(seen.accepted, std::vector<wire::Ipv4Address>{kServer});
  EXPECT_EQ(mode.PxeReplyReceived, FALSE);
}

// --- Mtftp

TEST_F(PxeBaseCodeTest, MtftpChecksItsParametersBeforeTheState) {
  EFI_IP_ADDRESS server = raw(kServer);
  UINT64 size = 1;
  char buffer = 0;
  UINTN block = 511;
  const auto call = [&](EFI_PXE_BASE_CODE_TFTP_OPCODE operation, void* data, UINT64* bytes_of,
                        UINTN* block_size, EFI_IP_ADDRESS* ip, const char* name,
                        BOOLEAN without = FALSE) {
    return pxe->Mtftp(pxe, operation, data, FALSE, bytes_of, block_size, ip, text(name), nullptr,
                      without);
  };
  constexpr auto kRead = EFI_PXE_BASE_CODE_TFTP_READ_FILE;
  EXPECT_EQ(call(kRead, &buffer, &size, nullptr, &server, nullptr), EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(kRead, &buffer, nullptr, nullptr, &server, "x"), EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(kRead, &buffer, &size, nullptr, nullptr, "x"), EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(kRead, &buffer, &size, &block, &server, "x"), EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(kRead, nullptr, &size, nullptr, &server, "x"), EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(EFI_PXE_BASE_CODE_TFTP_FIRST, &buffer, &size, nullptr, &server, "x"),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(EFI_PXE_BASE_CODE_MTFTP_LAST, &buffer, &size, nullptr, &server, "x"),
            EFI_INVALID_PARAMETER);
  EXPECT_EQ(call(EFI_PXE_BASE_CODE_MTFTP_READ_FILE, &buffer, &size, nullptr, &server, "x"),
            EFI_INVALID_PARAMETER)
      << "multicast needs to be told of the session";
  EXPECT_EQ(call(EFI_PXE_BASE_CODE_TFTP_WRITE_FILE, nullptr, &size, nullptr, &server, "x", TRUE),
            EFI_INVALID_PARAMETER);
  start_with_lease();
  EXPECT_EQ(call(kRead, nullptr, &size, nullptr, &server, "x", TRUE), EFI_INVALID_PARAMETER)
      << "no buffer, and no callback to take the file";
  EXPECT_EQ(call(kRead, &buffer, &size, nullptr, &server, ""), EFI_INVALID_PARAMETER);
  server = raw(wire::Ipv4Address::broadcast());
  EXPECT_EQ(call(kRead, &buffer, &size, nullptr, &server, "x"), EFI_INVALID_PARAMETER);
  server = {};
  EXPECT_EQ(call(kRead, &buffer, &size, nullptr, &server, "x"), EFI_INVALID_PARAMETER);
  const std::string long_name(5000, 'a');
  server = raw(kServer);
  EXPECT_EQ(call(kRead, &buffer, &size, nullptr, &server, long_name.c_str()),
            EFI_INVALID_PARAMETER);
}

TEST_F(PxeBaseCodeTest, MtftpReadsAFile) {
  start_with_lease();
  serve("the content");
  std::vector<char> buffer(16);
  UINT64 size = buffer.size();
  EXPECT_EQ(read(buffer, size), EFI_SUCCESS);
  EXPECT_EQ(std::string(buffer.data(), size), "the content");
  size = 11;
  EXPECT_EQ(read(buffer, size), EFI_SUCCESS) << "it fits exactly";
}

TEST_F(PxeBaseCodeTest, MtftpTellsTheSizeWhenTheBufferIsTooSmall) {
  start_with_lease();
  std::vector<char> buffer(16, '-');
  for (const bool announced : {true, false}) {
    serve("the content", announced);
    UINT64 size = 4;
    EXPECT_EQ(read(buffer, size), EFI_BUFFER_TOO_SMALL);
    EXPECT_EQ(size, 11U);
    EXPECT_EQ(buffer[4], '-') << "nothing is written behind the buffer";
  }
}

TEST_F(PxeBaseCodeTest, MtftpFindsTheSizeOfAFile) {
  start_with_lease();
  for (const auto operation :
       {EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE, EFI_PXE_BASE_CODE_MTFTP_GET_FILE_SIZE}) {
    for (const bool announced : {true, false}) {
      serve("the content", announced);
      std::vector<char> none;
      UINT64 size = 0;
      EXPECT_EQ(read(none, size, "file", operation), EFI_SUCCESS);
      EXPECT_EQ(size, 11U);
    }
  }
}

TEST_F(PxeBaseCodeTest, MtftpTakesUrisForNames) {
  start_with_lease();
  std::string name;
  backend.on_read = [&](const PxeFile& file, client::Sink& sink, PxeWatch&,
                        std::optional<PxeServerError>&) {
    name = file.name;
    return sink.write(as_byte_view("x"));
  };
  std::vector<char> buffer(1);
  UINT64 size = 1;
  EFI_IP_ADDRESS nobody{};
  EXPECT_EQ(pxe->Mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, buffer.data(), FALSE, &size, nullptr,
                       &nobody, text("http://boot.test/a//b"), nullptr, FALSE),
            EFI_SUCCESS)
      << "the server stands in the URI";
  EXPECT_EQ(name, "http://boot.test/a//b");
}

TEST_F(PxeBaseCodeTest, MtftpReadsAFileFromAGroup) {
  start_with_lease();
  EFI_PXE_BASE_CODE_MTFTP_INFO info{};
  info.MCastIp = raw({239, 1, 2, 3});
  info.CPort = 1758;
  info.SPort = 1759;
  info.ListenTimeout = 2;
  std::optional<PxeFile> seen;
  backend.on_read = [&](const PxeFile& file, client::Sink& sink, PxeWatch&,
                        std::optional<PxeServerError>&) -> Result<void> {
    seen = file;
    return sink.write(as_byte_view("content"));
  };
  EFI_IP_ADDRESS server = raw(kServer);
  char buffer[16] = {};
  UINT64 size = sizeof(buffer);
  const auto read = [&](EFI_PXE_BASE_CODE_TFTP_OPCODE operation) {
    size = sizeof(buffer);
    return pxe->Mtftp(pxe, operation, buffer, FALSE, &size, nullptr, &server, text("file"), &info,
                      FALSE);
  };
  EXPECT_EQ(read(EFI_PXE_BASE_CODE_MTFTP_READ_FILE), EFI_SUCCESS);
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->group, wire::Ipv4Address(239, 1, 2, 3));
  EXPECT_EQ(seen->session.server, kServer);
  EXPECT_EQ(seen->session.client_port, 1758);
  EXPECT_EQ(seen->session.server_port, 1759);
  EXPECT_EQ(seen->session.listen, Duration::seconds(2));
  EXPECT_EQ(seen->session.repeat, Duration::seconds(1)) << "0 would be without a pause";
  EXPECT_EQ(read(EFI_PXE_BASE_CODE_MTFTP_READ_DIRECTORY), EFI_SUCCESS);
  EXPECT_TRUE(seen->group.is_any());
  info.MCastIp = raw(kOther);
  EXPECT_EQ(read(EFI_PXE_BASE_CODE_MTFTP_READ_FILE), EFI_SUCCESS);
  EXPECT_TRUE(seen->group.is_any()) << "no group";
}

TEST_F(PxeBaseCodeTest, MtftpReadsDirectoriesAndMulticastFilesOneToOne) {
  start_with_lease();
  PxeFile seen;
  backend.on_read = [&](const PxeFile& file, client::Sink& sink, PxeWatch&,
                        std::optional<PxeServerError>&) {
    seen = file;
    return sink.write(as_byte_view("x"));
  };
  std::vector<char> buffer(4);
  UINT64 size = 4;
  EXPECT_EQ(read(buffer, size, "dir", EFI_PXE_BASE_CODE_TFTP_READ_DIRECTORY), EFI_SUCCESS);
  EXPECT_TRUE(seen.directory);
  size = 4;
  EXPECT_EQ(read(buffer, size, "file", EFI_PXE_BASE_CODE_MTFTP_READ_FILE), EFI_SUCCESS);
  EXPECT_FALSE(seen.directory);
  size = 4;
  EXPECT_EQ(read(buffer, size, "dir", EFI_PXE_BASE_CODE_MTFTP_READ_DIRECTORY), EFI_SUCCESS);
  EXPECT_TRUE(seen.directory);
}

TEST_F(PxeBaseCodeTest, MtftpWritesAFile) {
  start_with_lease();
  std::string written;
  backend.on_write = [&](const PxeFile& file, ByteView content, std::optional<PxeServerError>&) {
    EXPECT_EQ(file.name, "up");
    written = as_text(content);
    return Result<void>();
  };
  std::string content = "upload";
  UINT64 size = content.size();
  EFI_IP_ADDRESS server = raw(kServer);
  EXPECT_EQ(pxe->Mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_WRITE_FILE, content.data(), TRUE, &size, nullptr,
                       &server, text("up"), nullptr, FALSE),
            EFI_SUCCESS);
  EXPECT_EQ(written, "upload");
}

TEST_F(PxeBaseCodeTest, MtftpTellsWhatTheServerSaid) {
  start_with_lease();
  backend.on_read = [](const PxeFile&, client::Sink&, PxeWatch&,
                       std::optional<PxeServerError>& refusal) {
    refusal = PxeServerError{1, std::string(500, 'n')};
    return Result<void>(fail(err::tftp_not_found));
  };
  std::vector<char> buffer(4);
  UINT64 size = 4;
  EXPECT_EQ(read(buffer, size), EFI_TFTP_ERROR);
  EXPECT_EQ(mode.TftpErrorReceived, TRUE);
  EXPECT_EQ(mode.TftpError.ErrorCode, 1);
  EXPECT_EQ(mode.TftpError.ErrorString[sizeof(mode.TftpError.ErrorString) - 1], 0);
  EXPECT_EQ(read(buffer, size, "file", EFI_PXE_BASE_CODE_TFTP_GET_FILE_SIZE), EFI_TFTP_ERROR);
  serve("ok");
  size = 4;
  EXPECT_EQ(read(buffer, size), EFI_SUCCESS);
  EXPECT_EQ(mode.TftpErrorReceived, FALSE);
}

struct PxeReadFailures : PxeBaseCodeTest, testing::WithParamInterface<Failure> {};

TEST_P(PxeReadFailures, AreToldByTheirStatus) {
  start_with_lease();
  backend.on_read = [&](const PxeFile&, client::Sink& sink, PxeWatch&,
                        std::optional<PxeServerError>&) -> Result<void> {
    KEDGE_CHECK(sink.write(as_byte_view("beginning")));
    return fail(*GetParam().site);
  };
  std::vector<char> buffer(4);
  UINT64 size = 4;
  EXPECT_EQ(read(buffer, size), GetParam().status);
  EXPECT_EQ(size, 4U) << "half a file says nothing of its size";
  EXPECT_EQ(mode.IcmpErrorReceived, GetParam().status == EFI_ICMP_ERROR);
}

INSTANTIATE_TEST_SUITE_P(All, PxeReadFailures,
                         testing::Values(Failure{"Silence", &err::tftp_silent, EFI_TIMEOUT},
                                         Failure{"NoMemory", &err::base_no_memory,
                                                 EFI_OUT_OF_RESOURCES},
                                         Failure{"Icmp", &err::net_refused, EFI_ICMP_ERROR},
                                         Failure{"Broken", &err::net_reset, EFI_DEVICE_ERROR}),
                         [](const auto& info) { return std::string(info.param.name); });

// UEFI 24.4: it "is about to transmit, has received, or is waiting to receive".
TEST_F(PxeBaseCodeTest, TheCallbackSeesWhatMtftpReadsIntoABuffer) {
  start_with_lease();
  serve(std::string(512 + 2, 'x'));
  std::vector<char> buffer(4096);
  UINT64 size = buffer.size();
  EXPECT_EQ(read(buffer, size), EFI_SUCCESS);
  EXPECT_TRUE(callback.calls.empty()) << "nobody has asked for it";
  want_callbacks();
  size = buffer.size();
  EXPECT_EQ(read(buffer, size), EFI_SUCCESS);
  EXPECT_EQ(size, 514U);
  ASSERT_EQ(callback.calls.size(), 3U) << "a wait, a whole block, the rest";
  EXPECT_EQ(callback.calls[1].first, EFI_PXE_BASE_CODE_FUNCTION_MTFTP);
  EXPECT_EQ(callback.calls[1].second.size(), 4U + 512);
  EXPECT_EQ(callback.calls[2].second, std::string("\0\3\0\2xx", 6));
}

TEST_F(PxeBaseCodeTest, MtftpWithoutABufferHandsTheFileToTheCallbackInDataPackets) {
  start_with_lease();
  want_callbacks();
  std::string content(1024 + 3, 'x');
  serve(content);
  UINT64 size = 0;
  EFI_IP_ADDRESS server = raw(kServer);
  EXPECT_EQ(pxe->Mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, nullptr, FALSE, &size, nullptr,
                       &server, text("f"), nullptr, TRUE),
            EFI_SUCCESS);
  EXPECT_EQ(size, content.size());
  ASSERT_EQ(callback.calls.size(), 4U) << "a wait, two whole blocks, the rest";
  EXPECT_EQ(callback.calls[1].second.size(), 4U + 512);
  EXPECT_EQ(callback.calls[1].second.substr(0, 4), std::string("\0\3\0\1", 4));
  EXPECT_EQ(callback.calls[3].second, std::string("\0\3\0\3xxx", 7));
  callback.abort_at = callback.calls.size() + 2;
  EXPECT_EQ(pxe->Mtftp(pxe, EFI_PXE_BASE_CODE_TFTP_READ_FILE, nullptr, FALSE, &size, nullptr,
                       &server, text("f"), nullptr, TRUE),
            EFI_ABORTED);
}

}  // namespace
}  // namespace kedge::uefi
