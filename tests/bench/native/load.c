/* The clients of the bench: a closed loop over keep-alive connections that costs little beside what it measures.
 *
 *     load PORT REQUEST [name=value...]     (REQUEST: a file with one whole request, its head and its body)
 *
 *     connections=N      (1)
 *     warmup=N           requests in all before those that count (0)
 *     seconds=S          how long it sends new requests (1)
 *     count=N            how many it sends at most (0: as many as fit)
 *     mode=whole         each connection sends its next request when it has its answer; what has begun is read to its end
 *     mode=cut           the same, but after the seconds nothing more is read: for streams that are longer than that
 *     mode=hold          one request on each connection, and nothing more once each has the first byte of a body
 *     mode=cancel        leaves each stream after events=N (1), on a new connection each time, and notes when; in a request
 *                        that holds "stream-000000" the number is replaced by the stream's own
 *
 * It speaks in two lines of JSON. The first says that the connections are open and warm; then it waits for a line on stdin,
 * so that who asked can look at a clock in between. The second says what came out; then it waits for the end of stdin before
 * it closes the connections, for the same reason. Times are in microseconds, those of cancelled streams CLOCK_MONOTONIC in ns.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD = 16384,    /* bytes that the head of an answer may have */
    SAID = 300,      /* bytes that are quoted of an answer that is no 200 */
    PATIENCE = 60000,/* milliseconds of silence after which nothing more is expected */
    FOREVER = 1000000
};

typedef enum { WHOLE, CUT, HOLD, CANCEL } Mode;
typedef enum { AT_HEAD, IN_BODY, AT_CHUNK_SIZE, IN_CHUNK, AT_CHUNK_END, AT_TRAILER, TO_THE_END } Reading;

typedef struct {
    float *values;
    size_t count, room;
} Times;

typedef struct {
    int fd;
    bool done, writing;
    /* the request */
    char *request;
    size_t written;
    long number;
    int64_t began;
    /* its answer */
    Reading reading;
    char head[HEAD + 1];
    size_t head_length;
    uint64_t left;      /* bytes of the body or of the chunk still to come; of a trailer: those of its line so far */
    size_t line;        /* bytes in this line so far: a line with none ends an event */
    bool carriage;      /* the last of them is a CR, which belongs to the line's end if an LF follows, maybe in the next piece */
    long events;
    int status;
    bool first_seen, closes;
} Connection;

static struct {
    int port, connections;
    Mode mode;
    long warmup, count, events;
    double seconds;
} ask = {.connections = 1, .seconds = 1, .events = 1};

static char *request;
static size_t request_length, number_at;
static int epoll_fd;
static Connection *all;
static Times latency, first_byte;
static struct { long number; int64_t at; } *closed;
static size_t closed_count;
static uint64_t events, bytes, answers, refused, errors;
static long started, limit;     /* requests of this phase: begun, and how many there may be at most (0: any number) */
static int64_t phase_ends, last_answer;
static int live;
static char said[SAID + 1];

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void *made(void *memory) {
    if (!memory) fail("load");
    return memory;
}

static void note(Times *times, int64_t ns) {
    if (times->count == times->room) {
        times->room = 2 * times->room + 4096;
        times->values = made(realloc(times->values, times->room * sizeof *times->values));
    }
    times->values[times->count++] = (float)((double)ns / 1e3);
}

/* ---- requests ---- */

static void watch(Connection *c, int how, bool writing) {
    struct epoll_event wanted = {.events = EPOLLIN | (writing ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(epoll_fd, how, c->fd, &wanted);
    c->writing = writing;
}

static void connect_it(Connection *c) {
    int one = 1;
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)ask.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&there, sizeof there)) fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(c, EPOLL_CTL_ADD, false);
}

static void reconnect(Connection *c) {
    close(c->fd);
    connect_it(c);
}

/* This connection has nothing more to do in this phase. */
static void stop(Connection *c) {
    if (c->done) return;
    epoll_ctl(epoll_fd, EPOLL_CTL_DEL, c->fd, NULL); /* what still comes on it must not wake us */
    c->done = true;
    live--;
}

static void write_on(Connection *c) {
    while (c->written < request_length) {
        ssize_t sent = send(c->fd, c->request + c->written, request_length - c->written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) break; /* full, or dead: then reading says so */
        c->written += (size_t)sent;
    }
    bool more = c->written < request_length;
    if (more != c->writing) watch(c, EPOLL_CTL_MOD, more);
}

static void begin(Connection *c) {
    if ((limit && started >= limit) || (!limit && now() >= phase_ends)) {
        stop(c);
        return;
    }
    c->number = started++;
    c->written = c->head_length = c->line = 0;
    c->events = 0;
    c->reading = AT_HEAD;
    c->first_seen = c->closes = c->carriage = false;
    if (number_at) {
        char digits[16];
        snprintf(digits, sizeof digits, "%06ld", c->number % 1000000);
        memcpy(c->request + number_at, digits, 6);
    }
    c->began = now();
    write_on(c);
}

/* ---- answers ---- */

static void end_answer(Connection *c) {
    last_answer = now();
    note(&latency, last_answer - c->began);
    answers++;
    refused += c->status != 200;
    if (c->closes) reconnect(c);
    begin(c);
}

static void leave(Connection *c) {
    closed[closed_count].number = c->number;
    closed[closed_count++].at = last_answer = now();
    answers++;
    reconnect(c);
    begin(c);
}

static void lose(Connection *c) {
    errors++;
    last_answer = now();
    reconnect(c);
    begin(c);
}

static void quote(const char *data, size_t length) {
    for (size_t n = strlen(said), i = 0; n < SAID && i < length; i++)
        said[n++] = data[i] < ' ' || data[i] == '"' || data[i] == '\\' ? ' ' : data[i];
}

static void count_body(Connection *c, const char *data, size_t length) {
    if (!c->first_seen) {
        c->first_seen = true;
        note(&first_byte, now() - c->began);
        if (ask.mode == HOLD) stop(c);
    }
    if (c->status != 200) quote(data, length);
    bytes += length;
    const char *end = data + length, *newline;
    for (; (newline = memchr(data, '\n', (size_t)(end - data))); data = newline + 1) {
        c->line += (size_t)(newline - data);
        if (newline > data ? newline[-1] == '\r' : c->carriage) c->line--;
        if (!c->line) c->events++, events++;
        c->line = 0;
        c->carriage = false;
    }
    c->line += (size_t)(end - data);
    if (end > data) c->carriage = end[-1] == '\r';
}

static void begin_body(Connection *c) {
    c->head[c->head_length] = 0;
    c->status = atoi(c->head + 9);
    c->closes = strcasestr(c->head, "\r\nconnection: close") != NULL;
    const char *length = strcasestr(c->head, "\r\ncontent-length:");
    c->left = length ? strtoull(length + 17, NULL, 10) : 0;
    if (strcasestr(c->head, "\r\ntransfer-encoding: chunked")) c->reading = AT_CHUNK_SIZE;
    else c->reading = length ? IN_BODY : TO_THE_END;
}

static size_t take_head(Connection *c, const char *data, size_t length) {
    size_t before = c->head_length, room = HEAD - before, taken = length < room ? length : room;
    size_t back = before < 3 ? before : 3; /* of the end, so much may have come before */
    memcpy(c->head + before, data, taken);
    c->head_length += taken;
    char *end = memmem(c->head + before - back, taken + back, "\r\n\r\n", 4);
    if (!end) return taken;
    c->head_length = (size_t)(end + 4 - c->head);
    begin_body(c);
    return c->head_length - before;
}

static int hex(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    digit |= 32;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Take one byte of what stands between chunks; return whether it was the answer's last. */
static bool take_frame(Connection *c, char byte) {
    if (c->reading == AT_CHUNK_SIZE && hex(byte) >= 0) c->left = c->left * 16 + (uint64_t)hex(byte);
    if (c->reading == AT_TRAILER && byte != '\n') c->left += byte != '\r';
    if (byte != '\n') return false;
    if (c->reading == AT_CHUNK_SIZE) c->reading = c->left ? IN_CHUNK : AT_TRAILER;
    else if (c->reading == AT_CHUNK_END) c->reading = AT_CHUNK_SIZE;
    else if (!c->left) return true;
    else c->left = 0;
    return false;
}

static void take(Connection *c, const char *data, size_t length) {
    while (length && !c->done) {
        size_t taken = 1;
        bool whole = false;
        if (c->reading == AT_HEAD) {
            if (c->head_length == HEAD) {
                lose(c);
                return;
            }
            taken = take_head(c, data, length);
            whole = c->reading == IN_BODY && !c->left;
        } else if (c->reading == TO_THE_END) {
            count_body(c, data, taken = length);
        } else if (c->reading == IN_BODY || c->reading == IN_CHUNK) {
            taken = length < c->left ? length : (size_t)c->left;
            count_body(c, data, taken);
            c->left -= taken;
            whole = c->reading == IN_BODY && !c->left;
            if (c->reading == IN_CHUNK && !c->left) c->reading = AT_CHUNK_END;
        } else {
            whole = take_frame(c, *data);
        }
        if (ask.mode == CANCEL && c->events >= ask.events) {
            leave(c);
            return;
        }
        data += taken;
        length -= taken;
        if (whole) end_answer(c);
    }
}

static void read_it(Connection *c) {
    static char data[262144];
    ssize_t length = recv(c->fd, data, sizeof data, MSG_DONTWAIT);
    if (length > 0) {
        take(c, data, (size_t)length);
    } else if (length == 0 && c->reading == TO_THE_END) {
        c->closes = true;
        end_answer(c);
    } else if (length == 0 || errno != EAGAIN) {
        lose(c);
    }
}

/* ---- the two phases ---- */

/* Send until *seconds* are over or *most* requests are (0: any number); then see those that have begun to their end. */
static double run(double seconds, long most) {
    struct epoll_event ready[256];
    int64_t began = last_answer = now();
    latency.count = first_byte.count = closed_count = 0;
    events = bytes = answers = refused = errors = 0;
    started = 0;
    limit = most;
    phase_ends = began + (int64_t)(seconds * 1e9);
    live = ask.connections;
    for (int i = 0; i < ask.connections; i++) {
        if (all[i].done) watch(&all[i], EPOLL_CTL_ADD, false);
        all[i].done = false;
    }
    for (int i = 0; i < ask.connections; i++) begin(&all[i]);
    while (live) {
        int wait = PATIENCE;
        if (ask.mode == CUT) {
            int64_t left = phase_ends - now();
            if (left <= 0) break;
            wait = (int)(left / 1000000) + 1;
        }
        int n = epoll_wait(epoll_fd, ready, 256, wait);
        if (n == 0 && ask.mode != CUT) {
            errors += (uint64_t)live;
            break;
        }
        for (int i = 0; i < n; i++) {
            Connection *c = ready[i].data.ptr;
            if (c->done) continue;
            if (ready[i].events & EPOLLOUT) write_on(c);
            if (ready[i].events & ~(uint32_t)EPOLLOUT) read_it(c);
        }
    }
    return (double)((ask.mode == CUT ? now() : last_answer) - began) / 1e9;
}

static int by_size(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static void print_times(const char *name, Times *times) {
    if (times->count) qsort(times->values, times->count, sizeof *times->values, by_size);
    printf(",\"%s\":{", name);
    static const struct { const char *name; double share; } wanted[] = {{"p50", .5}, {"p95", .95}, {"p99", .99}, {"max", 1}};
    for (int i = 0; i < 4; i++) {
        size_t at = (size_t)((double)(times->count ? times->count - 1 : 0) * wanted[i].share);
        printf("%s\"%s\":%.1f", i ? "," : "", wanted[i].name, times->count ? (double)times->values[at] : 0);
    }
    printf("}");
}

static void print_results(double seconds) {
    printf("{\"answers\":%llu,\"events\":%llu,\"bytes\":%llu,\"refused\":%llu,\"errors\":%llu,\"seconds\":%.6f",
           (unsigned long long)answers, (unsigned long long)events, (unsigned long long)bytes, (unsigned long long)refused,
           (unsigned long long)errors, seconds);
    print_times("latency", &latency);
    print_times("first_byte", &first_byte);
    printf(",\"said\":\"%s\",\"closed\":[", said);
    for (size_t i = 0; i < closed_count; i++)
        printf("%s[%ld,%lld]", i ? "," : "", closed[i].number, (long long)closed[i].at);
    printf("]}\n");
    fflush(stdout);
}

static void read_request(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    fseek(file, 0, SEEK_END);
    request_length = (size_t)ftell(file);
    rewind(file);
    request = made(malloc(request_length + 1));
    if (fread(request, 1, request_length, file) != request_length) fail(path);
    fclose(file);
    const char *found = memmem(request, request_length, "stream-000000", 13);
    if (found) number_at = (size_t)(found - request) + 7;
}

static void read_option(const char *text) {
    const char *value = strchr(text, '=');
    value = value ? value + 1 : "";
    if (!strncmp(text, "connections=", 12)) ask.connections = atoi(value);
    else if (!strncmp(text, "warmup=", 7)) ask.warmup = atol(value);
    else if (!strncmp(text, "seconds=", 8)) ask.seconds = atof(value);
    else if (!strncmp(text, "count=", 6)) ask.count = atol(value);
    else if (!strncmp(text, "events=", 7)) ask.events = atol(value);
    else if (!strcmp(text, "mode=whole")) ask.mode = WHOLE;
    else if (!strcmp(text, "mode=cut")) ask.mode = CUT;
    else if (!strcmp(text, "mode=hold")) ask.mode = HOLD;
    else if (!strcmp(text, "mode=cancel")) ask.mode = CANCEL;
    else {
        fprintf(stderr, "load: what is %s?\n", text);
        exit(2);
    }
}

int main(int count, char **args) {
    if (count < 3) {
        fprintf(stderr, "load PORT REQUEST [name=value...]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    ask.port = atoi(args[1]);
    read_request(args[2]);
    for (int i = 3; i < count; i++) read_option(args[i]);
    if (ask.mode == HOLD) ask.count = ask.connections;
    if (ask.mode == CANCEL && !ask.count) ask.count = 100;
    closed = made(calloc((size_t)(ask.count + ask.warmup + 1), sizeof *closed));
    epoll_fd = epoll_create1(0);
    all = made(calloc((size_t)ask.connections, sizeof *all));
    for (int i = 0; i < ask.connections; i++) {
        all[i].request = made(memcpy(made(malloc(request_length)), request, request_length));
        connect_it(&all[i]);
    }
    double seconds = ask.mode == HOLD ? run(FOREVER, ask.count) : ask.warmup ? run(FOREVER, ask.warmup) : 0;
    printf("{\"ready\":true,\"refused\":%llu,\"errors\":%llu,\"said\":\"%s\"}\n", (unsigned long long)refused,
           (unsigned long long)errors, said);
    fflush(stdout);
    int byte;
    while ((byte = getchar()) != EOF && byte != '\n') {
    }
    if (byte == EOF) return 0;
    if (ask.mode != HOLD) seconds = run(ask.seconds, ask.count);
    print_results(seconds);
    while (getchar() != EOF) {
    }
    return 0;
}
