// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "uefi/virtual_fs.h"

#include <gtest/gtest.h>

#include "uefi/text.h"

namespace kedge::uefi {
namespace {

constexpr EFI_GUID kFileInfo = EFI_FILE_INFO_ID;
constexpr EFI_GUID kFileSystemInfo = EFI_FILE_SYSTEM_INFO_ID;
constexpr EFI_GUID kUnknown = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};

struct VirtualFileSystemTest : testing::Test {
  MemorySource kernel{as_byte_view("kernel bytes")};
  MemorySource initrd{as_byte_view("initrd")};
  std::unique_ptr<VirtualFileSystem> system = std::make_unique<VirtualFileSystem>(
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
  EXPECT_EQ(file->Flush(file), EFI_SUCCESS);
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

}  // namespace
}  // namespace kedge::uefi
