/*
 * schedule_worker.c
 *		Handing jobs to pg_cron where it lives in another database.
 *
 * A session can't change its database, and a second connection would need a
 * password. So a background worker is started for the call: as the role
 * that calls, which has to have CONNECT there, and with nothing but that role's
 * rights. It does one transaction (pg_cron_put_jobs_here) and ends. The jobs go
 * to it, and the answer or the error comes back, through a shared segment.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "libpq/pqformat.h"
#include "libpq/pqmq.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "schedule.h"

#define WORKER_NAME		"invtrack schedule"
#define QUEUE_SIZE		16384
#define MESSAGE_ANSWER	'D'
#define JOB_STRINGS		4

/* The segment starts with this; then the queue, and the strings of the jobs, each with its NUL. */
typedef struct Errand
{
	Oid			database;
	Oid			role;
	int			encoding;		/* that errors are to have */
	int			count;
} Errand;

#define QUEUE_OFFSET	MAXALIGN(sizeof(Errand))
#define JOBS_OFFSET		(QUEUE_OFFSET + QUEUE_SIZE)

PGDLLEXPORT void schedule_worker_main(Datum handle);

/* A job's strings, in the order of the segment. */
static void
job_strings(const Job *job, const char **strings)
{
	strings[0] = job->name;
	strings[1] = job->schedule;
	strings[2] = job->command;
	strings[3] = job->database;
}

static Size
size_of_jobs(const Job *jobs, int count)
{
	const char *strings[JOB_STRINGS];
	Size		size = 0;

	for (int i = 0; i < count; i++)
	{
		job_strings(&jobs[i], strings);
		for (int j = 0; j < JOB_STRINGS; j++)
			size += strlen(strings[j]) + 1;
	}
	return size;
}

static dsm_segment *
write_errand(Oid database, const Job *jobs, int count)
{
	dsm_segment *segment = dsm_create(JOBS_OFFSET + size_of_jobs(jobs, count), 0);
	Errand	   *errand = dsm_segment_address(segment);
	char	   *place = (char *) errand + JOBS_OFFSET;
	const char *strings[JOB_STRINGS];

	errand->database = database;
	errand->role = GetUserId();
	errand->encoding = GetDatabaseEncoding();
	errand->count = count;
	for (int i = 0; i < count; i++)
	{
		job_strings(&jobs[i], strings);
		for (int j = 0; j < JOB_STRINGS; j++)
			place = stpcpy(place, strings[j]) + 1;
	}
	return segment;
}

static BackgroundWorkerHandle *
start_worker(dsm_segment *segment, Oid database, const Job *jobs, int count)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;
	char	   *name = get_database_name(database);

	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_notify_pid = MyProcPid;
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	strlcpy(worker.bgw_library_name, "$libdir/invtrack", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "schedule_worker_main", sizeof(worker.bgw_function_name));
	strlcpy(worker.bgw_name, WORKER_NAME, sizeof(worker.bgw_name));
	strlcpy(worker.bgw_type, WORKER_NAME, sizeof(worker.bgw_type));
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no background worker is free to reach pg_cron in database \"%s\"",
						name == NULL ? "" : name),
				 errdetail("By hand, in that database as role \"%s\":%s",
						   GetUserNameFromId(GetUserId(), false), jobs_as_statements(jobs, count)),
				 errhint("Try again, or set max_worker_processes higher.")));
	return handle;
}

/* Runs also where the session is terminated: nobody waits for the worker any more. */
static void
stop_worker(int code, Datum handle)
{
	TerminateBackgroundWorker((BackgroundWorkerHandle *) DatumGetPointer(handle));
}

/*
 * Read what the worker sends until it has answered. Its errors are raised
 * here; that the worker dies of one is no reason for the session to.
 */
static int64
read_answer(shm_mq_handle *queue)
{
	for (;;)
	{
		StringInfoData message;
		ErrorData	error;
		Size		size;
		void	   *data;

		if (shm_mq_receive(queue, &size, &data, false) != SHM_MQ_SUCCESS)
			ereport(ERROR,
					(errcode(ERRCODE_CONNECTION_FAILURE),
					 errmsg("the background worker for pg_cron ended without an answer"),
					 errhint("The server's log says why.")));
		initStringInfo(&message);
		appendBinaryStringInfo(&message, data, size);
		switch (pq_getmsgbyte(&message))
		{
			case 'E':
			case 'N':
				pq_parse_errornotice(&message, &error);
				error.elevel = Min(error.elevel, ERROR);
				ThrowErrorData(&error);
				break;
			case MESSAGE_ANSWER:
				return pq_getmsgint64(&message);
			default:			/* settings that the worker reports */
				break;
		}
	}
}

/*
 * Have a worker do pg_cron_put_jobs_here() in that database, as the current
 * role, and wait for it. What it has done is committed.
 */
static int64
worker_put_jobs(Oid database, const Job *jobs, int count)
{
	dsm_segment *segment = write_errand(database, jobs, count);
	char	   *start = dsm_segment_address(segment);
	shm_mq	   *queue = shm_mq_create(start + QUEUE_OFFSET, QUEUE_SIZE);
	BackgroundWorkerHandle *handle;
	int64		answer;

	shm_mq_set_receiver(queue, MyProc);
	handle = start_worker(segment, database, jobs, count);
	PG_ENSURE_ERROR_CLEANUP(stop_worker, PointerGetDatum(handle));
	{
		answer = read_answer(shm_mq_attach(queue, segment, handle));
	}
	PG_END_ENSURE_ERROR_CLEANUP(stop_worker, PointerGetDatum(handle));
	dsm_detach(segment);
	return answer;
}

/* Make pg_cron's table say what these jobs do: here, or in another database and committed. */
int64
put_jobs(const Job *jobs, int count)
{
	Oid			database = find_pg_cron_database(jobs, count);

	return database == MyDatabaseId ? pg_cron_put_jobs_here(jobs, count) :
		worker_put_jobs(database, jobs, count);
}

/* ---------- in the worker ---------- */

/*
 * The jobs of an errand. The names of databases are bytes that all databases
 * share, whatever their encodings; only what this one can't hold is an error.
 */
static void
read_jobs(const Errand *errand, Job *jobs)
{
	const char *place = (const char *) errand + JOBS_OFFSET;
	const char *strings[JOB_STRINGS];

	for (int i = 0; i < errand->count; i++)
	{
		for (int j = 0; j < JOB_STRINGS; j++)
		{
			(void) pg_verifymbstr(place, strlen(place), false);
			strings[j] = place;
			place += strlen(place) + 1;
		}
		jobs[i] = (Job)
		{
			strings[0], strings[1], strings[2], strings[3]
		};
	}
}

static int64
do_errand(const Errand *errand)
{
	Job			jobs[JOBS_MAX];
	int64		answer;

	StartTransactionCommand();

	/*
	 * What the role's settings would have instead is not for this
	 * transaction.
	 */
	XactIsoLevel = XACT_READ_COMMITTED;
	XactReadOnly = false;
	PushActiveSnapshot(GetTransactionSnapshot());

	/*
	 * So that the session can read errors; where there is no conversion, as
	 * they are.
	 */
	if (PrepareClientEncoding(errand->encoding) >= 0)
		(void) SetClientEncoding(errand->encoding);
	read_jobs(errand, jobs);
	answer = pg_cron_put_jobs_here(jobs, errand->count);
	PopActiveSnapshot();
	CommitTransactionCommand();
	return answer;
}

static void
send_answer(int64 answer)
{
	StringInfoData message;

	pq_beginmessage(&message, MESSAGE_ANSWER);
	pq_sendint64(&message, answer);
	pq_endmessage(&message);
}

/*
 * An error in here ends the worker, and PostgreSQL sends it into the queue
 * before that: one in connecting, too.
 */
void
schedule_worker_main(Datum handle)
{
	dsm_segment *segment;
	Errand	   *errand;
	shm_mq	   *queue;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	segment = dsm_attach(DatumGetUInt32(handle));
	if (segment == NULL)
		return;					/* the session has gone */
	errand = dsm_segment_address(segment);
	queue = (shm_mq *) ((char *) errand + QUEUE_OFFSET);
	shm_mq_set_sender(queue, MyProc);
	pq_redirect_to_shm_mq(segment, shm_mq_attach(queue, segment, NULL));
	BackgroundWorkerInitializeConnectionByOid(errand->database, errand->role, 0);
	pgstat_report_activity(STATE_RUNNING, WORKER_NAME);
	send_answer(do_errand(errand));
	dsm_detach(segment);
}
