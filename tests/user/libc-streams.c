/*
 * stdio streams: buffering, lines, positions, both directions, pipes to other
 * programs; directories; setjmp.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static long size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void check_writing(void)
{
    FILE *file = fopen("out", "w");

    CHECK(file != NULL, "open for writing");
    CHECK(fputs("one\n", file) >= 0, "fputs");
    CHECK_EQ(size_of("out"), 0, "nothing is written yet");
    CHECK_EQ(fflush(file), 0, "flush");
    CHECK_EQ(size_of("out"), 4, "now it is");
    CHECK_EQ(fprintf(file, "%d %s\n", 2, "two"), 6, "fprintf");
    CHECK_EQ(fwrite("abcdef", 2, 3, file), 3, "fwrite counts elements");
    CHECK_EQ(ftell(file), 16, "ftell counts the buffer");
    for (int i = 0; i < 10000; i++)
        putc('x', file);
    CHECK_EQ(fgetc(file), EOF, "it cannot be read");
    CHECK(ferror(file), "which is an error");
    CHECK_EQ(fclose(file), 0, "close");
    CHECK_EQ(size_of("out"), 10016, "all is written");
    CHECK(fopen("not/there", "w") == NULL && errno == ENOENT, "no folder");
    CHECK(fopen("out", "q") == NULL && errno == EINVAL, "no such mode");
}

static void check_reading(void)
{
    char text[32], *line = NULL;
    size_t room = 0;
    FILE *file = fopen("out", "r");

    CHECK(fgets(text, sizeof(text), file) == text && strcmp(text, "one\n") == 0,
          "fgets reads a line");
    CHECK(fgets(text, 3, file) == text && strcmp(text, "2 ") == 0,
          "fgets stops at its size");
    CHECK_EQ(fgetc(file), 't', "fgetc");
    CHECK_EQ(ungetc('T', file), 'T', "ungetc");
    CHECK_EQ(getline(&line, &room, file), 4, "getline");
    CHECK(strcmp(line, "Two\n") == 0, "the line with the byte put back");
    CHECK_EQ(fread(text, 1, 6, file), 6, "fread");
    CHECK(memcmp(text, "abcdef", 6) == 0, "its bytes");
    CHECK_EQ(getline(&line, &room, file), 10000, "a long line without end");
    CHECK_EQ(getline(&line, &room, file), -1, "nothing more");
    CHECK(feof(file) && !ferror(file), "which is the end");
    CHECK_EQ(fseek(file, 4, SEEK_SET), 0, "seek");
    CHECK(!feof(file) && fgetc(file) == '2', "reads there");
    CHECK_EQ(ftell(file), 5, "ftell");
    free(line);
    fclose(file);
}

static void check_both_ways(void)
{
    char text[32] = { 0 };
    FILE *file = fopen("both", "w+");

    fputs("hello world", file);
    rewind(file);
    CHECK(fread(text, 1, 5, file) == 5 && memcmp(text, "hello", 5) == 0,
          "read what was written");
    fseek(file, 0, SEEK_CUR);
    fputs("-there", file);
    rewind(file);
    CHECK(fgets(text, sizeof(text), file) != NULL &&
              strcmp(text, "hello-there") == 0,
          "written in the middle");
    fclose(file);
    file = fopen("both", "a");
    fputs("!", file);
    fclose(file);
    CHECK_EQ(size_of("both"), 12, "append");
}

/* Input not taken when a program ends is left to the next one. */
static void check_shared_position(void)
{
    int fd = open("out", O_RDONLY), status;
    char c;
    pid_t pid = fork();

    if (pid == 0) {
        char text[16];

        dup2(fd, 0);
        exit(fgets(text, sizeof(text), stdin) == NULL);
    }
    waitpid(pid, &status, 0);
    CHECK_EQ(status, 0, "a child reads one line");
    CHECK(read(fd, &c, 1) == 1 && c == '2', "the parent reads on there");
    close(fd);
}

static void check_commands(void)
{
    char text[32] = "";
    FILE *pipe = popen("echo $((6 * 7)); exit 3", "r");

    CHECK(pipe != NULL && fgets(text, sizeof(text), pipe) != NULL &&
              strcmp(text, "42\n") == 0,
          "popen reads what a command prints");
    CHECK_EQ(pclose(pipe), 3 << 8, "pclose gives its status");
    pipe = popen("cat > fed", "w");
    fputs("abc", pipe);
    CHECK_EQ(pclose(pipe), 0, "popen writes to a command");
    CHECK_EQ(size_of("fed"), 3, "which got it all");
    CHECK_EQ(system("exit 5"), 5 << 8, "system");
}

static void check_directories(void)
{
    struct dirent *entry;
    int names = 0, known = 0;
    DIR *dir;

    CHECK(opendir("not-there") == NULL && errno == ENOENT, "no directory");
    CHECK(opendir("out") == NULL && errno == ENOTDIR, "a file");
    dir = opendir(".");
    CHECK(dir != NULL, "opendir");
    while ((entry = readdir(dir)) != NULL) {
        names++;
        known += strcmp(entry->d_name, "out") == 0 && entry->d_type == DT_REG;
        known += strcmp(entry->d_name, "..") == 0 && entry->d_type == DT_DIR;
    }
    CHECK(names == 5 && known == 2, "three files and two folders");
    rewinddir(dir);
    CHECK(readdir(dir) != NULL, "from the start again");
    CHECK_EQ(closedir(dir), 0, "closedir");
}

static jmp_buf place;

static __attribute__((noinline)) void jump(void)
{
    longjmp(place, 0);
}

static void check_jumps(void)
{
    volatile int passes = 0;
    int value = setjmp(place);

    passes++;
    if (value == 0)
        jump();
    CHECK_EQ(value, 1, "longjmp with 0 gives 1");
    CHECK_EQ(passes, 2, "setjmp returned twice");
}

int main(void)
{
    check_start();
    check_enter_scratch();
    check_writing();
    check_reading();
    check_both_ways();
    check_shared_position();
    check_commands();
    check_directories();
    check_jumps();
    return check_done();
}
