/*
 * A link whose text ends in a slash leads into a folder, and the slash says
 * nothing of the names that follow the link.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"

int main(void)
{
    struct stat status;

    check_start();
    check_enter_scratch();
    CHECK_EQ(mkdir("folder", 0755), 0, "a folder");
    CHECK_EQ(check_write_file("folder/file", "x", 1), 0, "a file in it");
    CHECK_EQ(symlink("folder//", "link"), 0, "a link with slashes behind");
    CHECK_EQ(symlink("link/", "second"), 0, "a link to the link");

    CHECK_EQ(stat("link", &status), 0, "the link leads");
    CHECK(S_ISDIR(status.st_mode), "to the folder");
    CHECK_EQ(stat("link/file", &status), 0, "file behind the link");
    CHECK(S_ISREG(status.st_mode), "is the file");
    CHECK_EQ(stat("second/file", &status), 0, "file behind both links");
    CHECK_ERRNO(stat("link/file/", &status), ENOTDIR, "its own slash counts");
    int fd = open("second/new", O_CREAT | O_EXCL | O_WRONLY, 0644);
    CHECK(fd >= 0, "a new file behind both");
    CHECK_EQ(close(fd), 0, "close");
    CHECK_EQ(rename("link/new", "second/other"), 0, "rename");
    CHECK_EQ(unlink("link/other"), 0, "unlink");

    CHECK_EQ(symlink("folder/file/", "wrong"), 0, "a link to a file, slash");
    CHECK_ERRNO(stat("wrong", &status), ENOTDIR, "leads nowhere");
    CHECK_EQ(unlink("folder/file"), 0, "unlink of the file");
    CHECK_EQ(unlink("link"), 0, "unlink takes the link itself");
    CHECK_EQ(rmdir("folder"), 0, "the folder is empty");
    return check_done();
}
