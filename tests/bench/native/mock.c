/* The provider of the bench: answers chat completions of OpenAI's format from memory, so that what is measured is the gateway.
 *
 *     mock [PORT]        (0 or nothing: any free one of 127.0.0.1; its first line on stdout is JSON that names it)
 *
 * One thread, one epoll. Every answer is made before the first request comes, and sent from where it lies: a connection
 * holds a place in it, not a copy. What a request wants stands in its prompt, because a prompt is the one thing that every
 * gateway passes on unchanged; only the first WINDOW bytes of a body are looked at:
 *
 *     "stream":true      an SSE stream, else one JSON document of about 1 KB
 *     events=N           of N events (100), each written by itself, as a provider does
 *     burst=N            of which so many come at once (1), if there is a
 *     gap=N              of N milliseconds before each of the others (0: all as fast as they are taken)
 *     stream-NNNNNN      the number under which its end is remembered, if its reader goes before it
 *
 * GET /bench tells what was counted, and when which unfinished stream was closed (CLOCK_MONOTONIC, ns), and forgets it.
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
    WINDOW = 4096,       /* bytes of a body that are searched for what it wants */
    HEAD = 16384,        /* bytes that a head may have */
    TURN = 32,           /* events that one stream may write before the others have their turn */
    WORDS = 16,          /* different events: enough that no gateway could guess the next */
    BATCH = 256,         /* events of epoll at once */
    REMEMBERED = 16384,  /* ends of streams between two questions */
};

typedef struct {
    char *bytes;
    size_t length;
} Piece;

typedef enum { READ_HEAD, READ_BODY, READ_CHUNK_SIZE, READ_CHUNK, READ_CHUNK_END, READ_TRAILER } Reading;

typedef struct {
    int fd;
    /* the request */
    Reading reading;
    char head[HEAD + 1];
    size_t head_length;
    char seen[WINDOW + 1];
    size_t seen_length;
    uint64_t body_left;
    bool line_empty;     /* of a trailer: whether its line has had nothing so far */
    bool asks_counts;
    /* the answer */
    const char *out;     /* what is being written now, */
    size_t out_left;     /* and how much of it is still to go */
    char *own;           /* an answer that only this connection gets */
    bool streaming;
    long event, events, burst, number;
    int64_t gap, due;    /* ns */
    size_t at_heap;      /* its place there, 0: none */
    uint32_t waits_for;  /* what epoll was asked for */
} Connection;

static int epoll_fd;
static Piece whole, models, stream_head, first, middle[WORDS], last;
static uint64_t requests, events_sent, body_bytes;
static struct { long number; int64_t at; } closed[REMEMBERED];
static size_t closed_count;

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void *made(void *memory) {
    if (!memory) {
        perror("mock");
        exit(1);
    }
    return memory;
}

/* ---- the answers ---- */

static Piece piece(const char *text) {
    return (Piece){.bytes = made(strdup(text)), .length = strlen(text)};
}

static Piece document(const char *body) {
    char text[4096];
    snprintf(text, sizeof text,
             "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: req_0123456789abcdef\r\n"
             "content-length: %zu\r\n\r\n%s", strlen(body), body);
    return piece(text);
}

static Piece event(const char *delta, const char *rest, const char *after) {
    char text[1024], chunk[1200];
    snprintf(text, sizeof text,
             "data: {\"id\":\"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWx\",\"object\":\"chat.completion.chunk\",\"created\":1741569952,"
             "\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{%s},%s}\n\n", delta, rest);
    snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n%s", strlen(text), text, after);
    return piece(chunk);
}

static void make_answers(void) {
    static const char *words[WORDS] = {"The",  " gate", " opens", " for",  " whoever", " has",   " a",    " key",
                                       " and", " asks", " for",   " what", " stands",  " behind", " it", "."};
    const char *usage = "\"usage\":{\"prompt_tokens\":190,\"completion_tokens\":128,\"total_tokens\":318,"
                        "\"prompt_tokens_details\":{\"cached_tokens\":0}}";
    char said[600] = "", body[2048], rest[512], delta[64];
    while (strlen(said) < 560) strcat(said, "A gateway is a door for programs. ");
    snprintf(body, sizeof body,
             "{\"id\":\"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWx\",\"object\":\"chat.completion\",\"created\":1741569952,\"model\":\"bench\","
             "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null},\"logprobs\":null,"
             "\"finish_reason\":\"stop\"}],%s,\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456789\"}", said, usage);
    whole = document(body);
    models = document("{\"object\":\"list\",\"data\":[{\"id\":\"bench\",\"object\":\"model\",\"created\":1,\"owned_by\":\"bench\"}]}");
    stream_head = piece("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\n"
                        "x-request-id: req_0123456789abcdef\r\ntransfer-encoding: chunked\r\n\r\n");
    first = event("\"role\":\"assistant\",\"content\":\"\"", "\"finish_reason\":null}]", "");
    for (int i = 0; i < WORDS; i++) {
        snprintf(delta, sizeof delta, "\"content\":\"%s\"", words[i]);
        middle[i] = event(delta, "\"finish_reason\":null}]", "");
    }
    snprintf(rest, sizeof rest, "\"finish_reason\":\"stop\"}],%s", usage);
    last = event("", rest, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
}

static Piece nth(const Connection *c) {
    if (c->event == c->events - 1) return last;
    return c->event ? middle[c->event % WORDS] : first;
}

/* ---- which stream is due next: a binary heap, from 1 on ---- */

static Connection **heap;
static size_t heap_count, heap_room;

static void put(size_t at, Connection *c) {
    heap[at] = c;
    c->at_heap = at;
}

static void sift(size_t at) {
    Connection *c = heap[at];
    for (; at > 1 && heap[at / 2]->due > c->due; at /= 2) put(at, heap[at / 2]);
    for (size_t child; (child = 2 * at) <= heap_count; at = child) {
        if (child < heap_count && heap[child + 1]->due < heap[child]->due) child++;
        if (heap[child]->due >= c->due) break;
        put(at, heap[child]);
    }
    put(at, c);
}

static void remember_due(Connection *c) {
    if (heap_count + 2 > heap_room) heap = made(realloc(heap, (heap_room = 2 * heap_room + 64) * sizeof *heap));
    put(++heap_count, c);
    sift(heap_count);
}

static void forget_due(Connection *c) {
    size_t at = c->at_heap;
    if (!at) return;
    c->at_heap = 0;
    Connection *moved = heap[heap_count--];
    if (moved == c) return;
    put(at, moved);
    sift(at);
}

/* ---- writing ---- */

static void wait_for(Connection *c, uint32_t what) {
    struct epoll_event wanted = {.events = what, .data.ptr = c};
    if (what != c->waits_for) epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &wanted);
    c->waits_for = what;
}

static void begin_piece(Connection *c, Piece what) {
    c->out = what.bytes;
    c->out_left = what.length;
}

/* Write what has begun; return false where the connection is dead. Afterwards out_left says whether it took all. */
static bool write_piece(Connection *c) {
    while (c->out_left) {
        ssize_t sent = send(c->fd, c->out, c->out_left, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN;
        c->out += sent;
        c->out_left -= (size_t)sent;
    }
    return true;
}

static void end_answer(Connection *c) {
    free(c->own);
    c->own = NULL;
    c->out = NULL;
    c->streaming = false;
    c->reading = READ_HEAD;
    c->head_length = 0;
}

/* Go on with the answer as far as is due and fits; return false where the connection is dead. */
static bool go_on(Connection *c) {
    for (int turn = 0; turn < TURN; turn++) {
        if (!write_piece(c)) return false;
        if (c->out_left) break;
        if (!c->streaming || c->event == c->events) {
            end_answer(c);
            wait_for(c, EPOLLIN | EPOLLRDHUP);
            return true;
        }
        if (c->gap && c->event >= c->burst) {
            int64_t late = now() - c->due;
            if (late < 0) {
                if (!c->at_heap) remember_due(c);
                wait_for(c, EPOLLIN | EPOLLRDHUP);
                return true;
            }
        }
        begin_piece(c, nth(c));
        c->event++;
        events_sent++;
        if (c->event > c->burst) c->due += c->gap; /* and not from now on: pauses must not add up */
        else c->due = now() + c->gap;
    }
    wait_for(c, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
    return true;
}

/* ---- reading ---- */

static long wanted(const char *body, const char *name, long otherwise) {
    const char *found = strstr(body, name);
    return found ? strtol(found + strlen(name), NULL, 10) : otherwise;
}

static char *counts(void) {
    char *text = made(malloc(512 + closed_count * 48)), *body = made(malloc(256 + closed_count * 48));
    int n = sprintf(body, "{\"requests\":%llu,\"events\":%llu,\"body_bytes\":%llu,\"closed\":[", (unsigned long long)requests,
                    (unsigned long long)events_sent, (unsigned long long)body_bytes);
    for (size_t i = 0; i < closed_count; i++)
        n += sprintf(body + n, "%s[%ld,%lld]", i ? "," : "", closed[i].number, (long long)closed[i].at);
    n += sprintf(body + n, "]}");
    closed_count = 0;
    sprintf(text, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s", n, body);
    free(body);
    return text;
}

/* The request is whole: choose its answer and begin it. */
static bool answer(Connection *c) {
    bool is_get = !strncmp(c->head, "GET ", 4);
    c->seen[c->seen_length] = 0;
    if (!strncmp(c->head, "GET /bench ", 11)) {
        c->own = counts();
        begin_piece(c, (Piece){.bytes = c->own, .length = strlen(c->own)});
        return go_on(c);
    }
    requests++;
    c->streaming = !is_get && (strstr(c->seen, "\"stream\":true") || strstr(c->seen, "\"stream\": true"));
    if (!c->streaming) {
        begin_piece(c, is_get ? models : whole);
        return go_on(c);
    }
    c->event = 0;
    c->events = wanted(c->seen, "events=", 100);
    if (c->events < 2) c->events = 2;
    c->burst = wanted(c->seen, "burst=", 1);
    c->gap = wanted(c->seen, "gap=", 0) * 1000000;
    c->number = wanted(c->seen, "stream-", -1);
    c->due = now();
    begin_piece(c, stream_head);
    return go_on(c);
}

/* The head is whole: find out how long the body is. */
static bool begin_body(Connection *c) {
    c->head[c->head_length] = 0;
    c->seen_length = 0;
    const char *length = strcasestr(c->head, "\r\ncontent-length:");
    if (strcasestr(c->head, "\r\ntransfer-encoding: chunked")) {
        c->body_left = 0;
        c->reading = READ_CHUNK_SIZE;
        return true;
    }
    c->body_left = length ? strtoull(length + 17, NULL, 10) : 0;
    c->reading = READ_BODY;
    return c->body_left || answer(c);
}

static size_t take_head(Connection *c, const char *data, size_t length, bool *alive) {
    size_t before = c->head_length, room = HEAD - before, taken = length < room ? length : room;
    size_t back = before < 3 ? before : 3; /* of the end, so much may have come before */
    memcpy(c->head + before, data, taken);
    c->head_length += taken;
    char *end = memmem(c->head + before - back, taken + back, "\r\n\r\n", 4);
    if (end) {
        c->head_length = (size_t)(end + 4 - c->head);
        taken = c->head_length - before;
        *alive = begin_body(c);
    } else if (c->head_length == HEAD) {
        *alive = false;
    }
    return taken;
}

static size_t take_body(Connection *c, const char *data, size_t length) {
    size_t taken = length < c->body_left ? length : (size_t)c->body_left, room = WINDOW - c->seen_length;
    size_t kept = taken < room ? taken : room;
    memcpy(c->seen + c->seen_length, data, kept);
    c->seen_length += kept;
    c->body_left -= taken;
    body_bytes += taken;
    return taken;
}

static int hex(char digit) {
    if (digit >= '0' && digit <= '9') return digit - '0';
    digit |= 32;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Take one byte of what stands between the chunks of a body; return false where the connection is dead. */
static bool take_frame(Connection *c, char byte) {
    if (c->reading == READ_CHUNK_SIZE) {
        if (hex(byte) >= 0) c->body_left = c->body_left * 16 + (uint64_t)hex(byte);
        if (byte != '\n') return true;
        c->reading = c->body_left ? READ_CHUNK : READ_TRAILER;
        c->line_empty = true;
    } else if (c->reading == READ_CHUNK_END) {
        if (byte == '\n') c->reading = READ_CHUNK_SIZE;
    } else if (byte != '\n') {
        c->line_empty &= byte == '\r';
    } else if (c->line_empty) {
        c->reading = READ_BODY; /* whatever comes now belongs to the next request */
        return answer(c);
    } else {
        c->line_empty = true;
    }
    return true;
}

/* Take what came; return false where the connection is dead. What comes while an answer is written is an error: no gateway
 * may send its next request before it has the answer. */
static bool take(Connection *c, const char *data, size_t length) {
    while (length) {
        size_t taken = 1;
        bool alive = true;
        if (c->out || c->streaming) return false;
        if (c->reading == READ_HEAD) {
            taken = take_head(c, data, length, &alive);
        } else if (c->reading == READ_BODY || c->reading == READ_CHUNK) {
            taken = take_body(c, data, length);
            if (!c->body_left && c->reading == READ_BODY) alive = answer(c);
            else if (!c->body_left) c->reading = READ_CHUNK_END;
        } else {
            alive = take_frame(c, *data);
        }
        if (!alive) return false;
        data += taken;
        length -= taken;
    }
    return true;
}

/* ---- connections ---- */

static void drop(Connection *c) {
    if (c->streaming && c->number >= 0 && closed_count < REMEMBERED) {
        closed[closed_count].number = c->number;
        closed[closed_count++].at = now();
    }
    forget_due(c);
    close(c->fd);
    free(c->own);
    free(c);
}

static void welcome(int listener) {
    for (int fd, one = 1; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        Connection *c = made(calloc(1, sizeof *c));
        c->fd = fd;
        c->waits_for = EPOLLIN | EPOLLRDHUP;
        struct epoll_event wanted = {.events = c->waits_for, .data.ptr = c};
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &wanted);
    }
}

static bool serve(Connection *c, uint32_t what) {
    static char data[262144];
    if (what & (EPOLLERR | EPOLLHUP)) return false;
    if (what & EPOLLIN) {
        ssize_t length = recv(c->fd, data, sizeof data, 0);
        if (length == 0 || (length < 0 && errno != EAGAIN)) return false;
        if (length > 0 && !take(c, data, (size_t)length)) return false;
    }
    return !(what & EPOLLOUT) || go_on(c);
}

static int listen_at(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&here, sizeof here) || listen(fd, 4096) || getsockname(fd, (struct sockaddr *)&here, &length)) {
        perror("mock");
        exit(1);
    }
    printf("{\"url\":\"http://127.0.0.1:%d\",\"port\":%d}\n", ntohs(here.sin_port), ntohs(here.sin_port));
    fflush(stdout);
    return fd;
}

/* Milliseconds to the next event that is due, rounded up; -1: none is. */
static int until_due(void) {
    if (!heap_count) return -1;
    int64_t left = heap[1]->due - now();
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

int main(int count, char **args) {
    signal(SIGPIPE, SIG_IGN);
    make_answers();
    int listener = listen_at((uint16_t)(count > 1 ? atoi(args[1]) : 0));
    epoll_fd = epoll_create1(0);
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = NULL}, ready[BATCH];
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &wanted);
    for (;;) {
        int n = epoll_wait(epoll_fd, ready, BATCH, until_due());
        for (int i = 0; i < n; i++) {
            Connection *c = ready[i].data.ptr;
            if (!c) welcome(listener);
            else if (!serve(c, ready[i].events)) drop(c);
        }
        for (int64_t t = now(); heap_count && heap[1]->due <= t;) {
            Connection *c = heap[1];
            forget_due(c);
            if (!go_on(c)) drop(c);
        }
    }
}
