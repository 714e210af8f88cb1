// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/virtual_fs.h"

#include <gtest/gtest.h>

#include "tests/fake/uefi.h"
#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kFileInfo = EFI_FILE_INFO_ID;
constexpr EFI_GUID kFileSystemInfo = EFI_FILE_SYSTEM_INFO_ID;
constexpr EFI_GUID kUnknown = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};

struct VirtualFileSystemTest : testing::Test {
  fake::FakeFirmware fake;
  MemorySource kernel{as_byte_view("kernel bytes")};
  MemorySource initrd{as_byte_view("initrd")};
  std::unique_ptr<VirtualFileSystem> system = std::make_unique<VirtualFileSystem>(
      fake.firmware(),
      std::vector<VirtualFileSystem::File>{{"vmlinuz", &kernel}, {"Initrd.img", &initrd}});

  EFI_FILE_PROTOCOL* root() {
    EFI_FILE_PROTOCOL* file = nullptr;
    EXPECT_EQ(system->protocol()->OpenVolume(system->protocol(), &file), EFI_SUCCESS);
    return file;
  }
  static EFI_STATUS open(EFI_FILE_PROTOCOL* folder, std::u16string name, EFI_FILE_PROTOCOL** file,
                         UINT64 mode = EFI_FILE_MODE_READ) {
    return folder->Open(folder, file, raw(name), mode, 0);
  }
};

TEST_F(VirtualFileSystemTest, FilesAreFoundByNameWhateverTheCaseOrSlash) {
  EFI_FILE_PROTOCOL* folder = root();
  for (const std::u16string name : {u"vmlinuz", u"\\VMLINUZ", u".\\vmlinuz", u"\\.\\vmlinuz"}) {
    EFI_FILE_PROTOCOL* file = nullptr;
    ASSERT_EQ(open(folder, name, &file), EFI_SUCCESS);
    file->Close(file);
  }
  EFI_FILE_PROTOCOL* file = nullptr;
  EXPECT_EQ(open(folder, u"vmlinu", &file), EFI_NOT_FOUND);
  EXPECT_EQ(open(folder, u"sub\\vmlinuz", &file), EFI_NOT_FOUND);
  EXPECT_EQ(open(folder, u"vmlinuz", &file, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE),
            EFI_WRITE_PROTECTED);
  EXPECT_EQ(folder->Open(folder, nullptr, nullptr, EFI_FILE_MODE_READ, 0), EFI_INVALID_PARAMETER);
  folder->Close(folder);
  EXPECT_EQ(system->open_files(), 0U);
}

TEST_F(VirtualFileSystemTest, ReadingAdvancesAndEndsWithNothing) {
  EFI_FILE_PROTOCOL* folder = root();
  EFI_FILE_PROTOCOL* file = nullptr;
  ASSERT_EQ(open(folder, u"vmlinuz", &file), EFI_SUCCESS);
  char buffer[8];
  UINTN size = sizeof(buffer);
  ASSERT_EQ(file->Read(file, &size, buffer), EFI_SUCCESS);
  EXPECT_EQ(std::string(buffer, size), "kernel b");
  size = sizeof(buffer);
  ASSERT_EQ(file->Read(file, &size, buffer), EFI_SUCCESS);
  EXPECT_EQ(std::string(buffer, size), "ytes");
  size = sizeof(buffer);
  ASSERT_EQ(file->Read(file, &size, buffer), EFI_SUCCESS);
  EXPECT_EQ(size, 0U);
  ASSERT_EQ(file->SetPosition(file, 7), EFI_SUCCESS);
  size = sizeof(buffer);
  ASSERT_EQ(file->Read(file, &size, buffer), EFI_SUCCESS);
  EXPECT_EQ(std::string(buffer, size), "bytes");
  ASSERT_EQ(file->SetPosition(file, ~UINT64{0}), EFI_SUCCESS);
  UINT64 position = 0;
  ASSERT_EQ(file->GetPosition(file, &position), EFI_SUCCESS);
  EXPECT_EQ(position, 12U);
  ASSERT_EQ(file->SetPosition(file, 13), EFI_SUCCESS);
  size = sizeof(buffer);
  EXPECT_EQ(file->Read(file, &size, buffer), EFI_DEVICE_ERROR);
  file->Close(file);
  folder->Close(folder);
}

TEST_F(VirtualFileSystemTest, InformationComesInTwoCalls) {
  EFI_FILE_PROTOCOL* folder = root();
  EFI_FILE_PROTOCOL* file = nullptr;
  ASSERT_EQ(open(folder, u"initrd.IMG", &file), EFI_SUCCESS);
  UINTN size = 0;
  ASSERT_EQ(file->GetInfo(file, guid_pointer(kFileInfo), &size, nullptr), EFI_BUFFER_TOO_SMALL);
  alignas(8) std::byte buffer[256];
  ASSERT_LE(size, sizeof(buffer));
  ASSERT_EQ(file->GetInfo(file, guid_pointer(kFileInfo), &size, buffer), EFI_SUCCESS);
  const auto* info = reinterpret_cast<const EFI_FILE_INFO*>(buffer);
  EXPECT_EQ(info->Size, size);
  EXPECT_EQ(info->FileSize, 6U);
  EXPECT_EQ(info->Attribute, UINT64{EFI_FILE_READ_ONLY});
  EXPECT_EQ(to_utf8(info->FileName, 100), "Initrd.img");
  size = sizeof(buffer);
  ASSERT_EQ(folder->GetInfo(folder, guid_pointer(kFileSystemInfo), &size, buffer), EFI_SUCCESS);
  EXPECT_TRUE(reinterpret_cast<const EFI_FILE_SYSTEM_INFO*>(buffer)->ReadOnly);
  EXPECT_EQ(file->GetInfo(file, guid_pointer(kUnknown), &size, buffer), EFI_UNSUPPORTED);
  EXPECT_EQ(file->SetInfo(file, guid_pointer(kFileInfo), size, buffer), EFI_WRITE_PROTECTED);
  EXPECT_EQ(file->Write(file, &size, buffer), EFI_WRITE_PROTECTED);
  EXPECT_EQ(file->Flush(file), EFI_ACCESS_DENIED) << "it was opened for reading";
  EXPECT_EQ(file->Delete(file), EFI_WARN_DELETE_FAILURE);
  folder->Close(folder);
  EXPECT_EQ(system->open_files(), 0U);
}

TEST_F(VirtualFileSystemTest, TheFolderListsItsFiles) {
  EFI_FILE_PROTOCOL* folder = root();
  std::vector<std::string> names;
  for (;;) {
    alignas(8) std::byte buffer[256];
    UINTN size = sizeof(buffer);
    ASSERT_EQ(folder->Read(folder, &size, buffer), EFI_SUCCESS);
    if (size == 0) break;
    names.push_back(to_utf8(reinterpret_cast<const EFI_FILE_INFO*>(buffer)->FileName, 100));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"vmlinuz", "Initrd.img"}));
  UINTN size = 0;
  ASSERT_EQ(folder->SetPosition(folder, 0), EFI_SUCCESS);
  EXPECT_EQ(folder->SetPosition(folder, 1), EFI_UNSUPPORTED);
  EXPECT_EQ(folder->Read(folder, &size, nullptr), EFI_BUFFER_TOO_SMALL);
  UINT64 position = 0;
  EXPECT_EQ(folder->GetPosition(folder, &position), EFI_UNSUPPORTED);
  folder->Close(folder);
}

TEST_F(VirtualFileSystemTest, FilesThatOutliveTheSystemAreDeadButClosable) {
  EFI_FILE_PROTOCOL* folder = root();
  EFI_FILE_PROTOCOL* file = nullptr;
  ASSERT_EQ(open(folder, u"vmlinuz", &file), EFI_SUCCESS);
  system.reset();
  char buffer[8];
  UINTN size = sizeof(buffer);
  EXPECT_EQ(file->Read(file, &size, buffer), EFI_DEVICE_ERROR);
  EXPECT_EQ(file->Close(file), EFI_SUCCESS);
  EXPECT_EQ(folder->Close(folder), EFI_SUCCESS);
}

TEST_F(VirtualFileSystemTest, OpenFilesAreLimited) {
  std::vector<EFI_FILE_PROTOCOL*> files;
  for (std::size_t i = 0; i < VirtualFileSystem::kOpenMax; ++i) files.push_back(root());
  EFI_FILE_PROTOCOL* file = nullptr;
  EXPECT_EQ(system->protocol()->OpenVolume(system->protocol(), &file), EFI_OUT_OF_RESOURCES);
  for (EFI_FILE_PROTOCOL* opened : files) opened->Close(opened);
}

/// A call of a function of EFI_FILE_PROTOCOL, and what it answers (UEFI 2.10, 13.5).
struct FileCall {
  const char* name;
  EFI_STATUS (*call)(EFI_FILE_PROTOCOL* functions, EFI_FILE_PROTOCOL* self);
  EFI_STATUS of_file;
  EFI_STATUS of_folder;
  EFI_STATUS of_broken;                   // of a file whose source cannot be read
  EFI_STATUS of_none = EFI_DEVICE_ERROR;  // of no file, and of all when they are gone
};

alignas(8) std::byte scratch[256];
UINTN scratch_bytes = sizeof(scratch);
UINT64 position = 0;
EFI_FILE_PROTOCOL* opened_file = nullptr;
CHAR16 kName[] = {'v', 'm', 'l', 'i', 'n', 'u', 'z', 0};

using File = EFI_FILE_PROTOCOL;
const FileCall kFileCalls[] = {
    {"Open",
     [](File* f, File* self) {
       const EFI_STATUS status = f->Open(self, &opened_file, kName, EFI_FILE_MODE_READ, 0);
       if (!EFI_ERROR(status)) EXPECT_EQ(opened_file->Close(opened_file), EFI_SUCCESS);
       return status;
     },
     EFI_SUCCESS, EFI_SUCCESS, EFI_SUCCESS},
    {"OpenForWriting",
     [](File* f, File* self) {
       return f->Open(self, &opened_file, kName, EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE, 0);
     },
     EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED},
    {"OpenAnew",
     [](File* f, File* self) {
       return f->Open(self, &opened_file, kName,
                      EFI_FILE_MODE_READ | EFI_FILE_MODE_WRITE | EFI_FILE_MODE_CREATE, 0);
     },
     EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED},
    {"OpenWithoutName",
     [](File* f, File* self) { return f->Open(self, &opened_file, nullptr, 1, 0); },
     EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER},
    {"OpenToNowhere", [](File* f, File* self) { return f->Open(self, nullptr, kName, 1, 0); },
     EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER},
    {"OpenUnknown",
     [](File* f, File* self) { return f->Open(self, &opened_file, kName + 1, 1, 0); },
     EFI_NOT_FOUND, EFI_NOT_FOUND, EFI_NOT_FOUND},
    {"Read", [](File* f, File* self) { return f->Read(self, &scratch_bytes, scratch); },
     EFI_SUCCESS, EFI_SUCCESS, EFI_DEVICE_ERROR},
    {"ReadNoSize", [](File* f, File* self) { return f->Read(self, nullptr, scratch); },
     EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER},
    {"ReadNoBuffer", [](File* f, File* self) { return f->Read(self, &scratch_bytes, nullptr); },
     EFI_INVALID_PARAMETER, EFI_BUFFER_TOO_SMALL, EFI_INVALID_PARAMETER},
    {"Write", [](File* f, File* self) { return f->Write(self, &scratch_bytes, scratch); },
     EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED},
    {"GetPosition", [](File* f, File* self) { return f->GetPosition(self, &position); },
     EFI_SUCCESS, EFI_UNSUPPORTED, EFI_SUCCESS},
    {"GetPositionNowhere", [](File* f, File* self) { return f->GetPosition(self, nullptr); },
     EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER},
    {"SetPosition", [](File* f, File* self) { return f->SetPosition(self, 1); }, EFI_SUCCESS,
     EFI_UNSUPPORTED, EFI_SUCCESS},
    {"GoToTheBeginning", [](File* f, File* self) { return f->SetPosition(self, 0); }, EFI_SUCCESS,
     EFI_SUCCESS, EFI_SUCCESS},
    {"GetInfo",
     [](File* f, File* self) {
       return f->GetInfo(self, guid_pointer(kFileInfo), &scratch_bytes, scratch);
     },
     EFI_SUCCESS, EFI_SUCCESS, EFI_SUCCESS},
    {"GetSystemInfo",
     [](File* f, File* self) {
       return f->GetInfo(self, guid_pointer(kFileSystemInfo), &scratch_bytes, scratch);
     },
     EFI_SUCCESS, EFI_SUCCESS, EFI_SUCCESS},
    {"GetInfoNoBuffer",
     [](File* f, File* self) {
       return f->GetInfo(self, guid_pointer(kFileInfo), &scratch_bytes, nullptr);
     },
     EFI_BUFFER_TOO_SMALL, EFI_BUFFER_TOO_SMALL, EFI_BUFFER_TOO_SMALL},
    {"GetInfoOfNothing",
     [](File* f, File* self) { return f->GetInfo(self, nullptr, &scratch_bytes, scratch); },
     EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER},
    {"GetInfoNoSize",
     [](File* f, File* self) {
       return f->GetInfo(self, guid_pointer(kFileInfo), nullptr, scratch);
     },
     EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER, EFI_INVALID_PARAMETER},
    {"GetOtherInfo",
     [](File* f, File* self) {
       return f->GetInfo(self, guid_pointer(kUnknown), &scratch_bytes, scratch);
     },
     EFI_UNSUPPORTED, EFI_UNSUPPORTED, EFI_UNSUPPORTED},
    {"SetInfo",
     [](File* f, File* self) { return f->SetInfo(self, guid_pointer(kFileInfo), 8, scratch); },
     EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED, EFI_WRITE_PROTECTED},
    {"Flush", [](File* f, File* self) { return f->Flush(self); }, EFI_ACCESS_DENIED,
     EFI_ACCESS_DENIED, EFI_ACCESS_DENIED, EFI_ACCESS_DENIED},
};

struct BrokenSource final : Source {
  std::uint64_t size() const noexcept override { return 10; }
  bool read(std::uint64_t, ByteSpan) noexcept override { return false; }
};

/// Every function, of each kind of file, in each state of the file system, at each level.
struct FileStatus : testing::TestWithParam<FileCall> {
  fake::FakeFirmware fake;
  MemorySource kernel{as_byte_view("kernel bytes")};
  BrokenSource broken_source;
  VirtualFileSystem system{fake.firmware(), std::vector<VirtualFileSystem::File>{
                                                {"vmlinuz", &kernel}, {"broken", &broken_source}}};
  File* folder = open(nullptr, u"");
  File* file = open(folder, u"vmlinuz");
  File* broken = open(folder, u"broken");

  ~FileStatus() override {
    fake.forget_the_end();
    for (File* each : {file, broken, folder}) EXPECT_EQ(each->Close(each), EFI_SUCCESS);
    EXPECT_EQ(system.open_files(), 0U);
    EXPECT_TRUE(fake.violations.empty());
  }
  File* open(File* where, std::u16string name) {
    File* opened = nullptr;
    const EFI_STATUS status = where == nullptr
                                  ? system.protocol()->OpenVolume(system.protocol(), &opened)
                                  : where->Open(where, &opened, raw(name), EFI_FILE_MODE_READ, 0);
    EXPECT_EQ(status, EFI_SUCCESS);
    return opened;
  }
  void expect(EFI_STATUS of_file, EFI_STATUS of_folder, EFI_STATUS of_broken) {
    const std::pair<File*, EFI_STATUS> all[] = {
        {file, of_file}, {folder, of_folder}, {broken, of_broken}, {nullptr, GetParam().of_none}};
    for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK}) {
      fake.tpl = level;
      for (const auto& [self, status] : all) {
        scratch_bytes = sizeof(scratch);
        opened_file = nullptr;
        EXPECT_EQ(GetParam().call(file, self), status) << level;
      }
      EXPECT_EQ(fake.tpl, level);
      fake.tpl = TPL_APPLICATION;
    }
  }
};

TEST_P(FileStatus, IsAsDocumentedWhileTheSystemIsThere) {
  expect(GetParam().of_file, GetParam().of_folder, GetParam().of_broken);
}

TEST_P(FileStatus, IsAnErrorWhenTheSystemIsGone) {
  system.disable();
  const EFI_STATUS status = GetParam().of_none;
  expect(status, status, status);
}

TEST_P(FileStatus, IsAnErrorAfterTheEndOfBootServices) {
  fake.firmware().end_boot_services();
  const fake::FakeFirmware::NoBootServices none(fake);
  const EFI_STATUS status = GetParam().of_none;
  expect(status, status, status);
}

INSTANTIATE_TEST_SUITE_P(Of, FileStatus, testing::ValuesIn(kFileCalls),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(VirtualFileSystemTest, AfterTheEndOfBootServicesNoFileIsOpenedClosedOrDeleted) {
  File* file = root();
  fake.firmware().end_boot_services();
  for (const EFI_TPL level : {TPL_APPLICATION, TPL_CALLBACK}) {
    const fake::FakeFirmware::NoBootServices none(fake);
    fake.tpl = level;
    EXPECT_EQ(file->Close(file), EFI_DEVICE_ERROR);
    EXPECT_EQ(file->Delete(file), EFI_DEVICE_ERROR);
    File* other = nullptr;
    EXPECT_EQ(system->protocol()->OpenVolume(system->protocol(), &other), EFI_DEVICE_ERROR);
    EXPECT_EQ(other, nullptr);
    EXPECT_EQ(system->open_files(), 1U);
  }
  fake.tpl = TPL_APPLICATION;
  fake.forget_the_end();
  EXPECT_EQ(file->Close(file), EFI_SUCCESS);
}

TEST_F(VirtualFileSystemTest, TheVolumeIsOpenedAsDocumented) {
  auto* volume = system->protocol();
  File* file = nullptr;
  EXPECT_EQ(volume->OpenVolume(nullptr, &file), EFI_INVALID_PARAMETER);
  EXPECT_EQ(volume->OpenVolume(volume, nullptr), EFI_INVALID_PARAMETER);
  system->disable();
  EXPECT_EQ(volume->OpenVolume(volume, &file), EFI_NO_MEDIA);
  EXPECT_EQ(file, nullptr);
}

}  // namespace
}  // namespace kedge::uefi
