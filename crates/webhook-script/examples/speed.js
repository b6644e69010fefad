const COLOURS = { failed: '#d00000', passed: '#00a000' };
const EMOJI = new Map([
  ['failed', ':x:'],
  ['passed', ':white_check_mark:'],
]);

const escaped = (text) => String(text).replace(/[*_`~]/g, '\\$&');

function fieldsOf(jobs) {
  return jobs
    .filter((job) => !job.ok)
    .map((job) => ({ title: 'Job', value: escaped(job.name), short: true }));
}

class Script {
  seen = 0;

  process_incoming_request({ request }) {
    const { status, branch, jobs = [] } = request.content;
    if (!status) {
      return { error: { success: false, message: 'no status' } };
    }
    this.seen += 1;
    Store.set('last', { status, branch });
    const failed = fieldsOf(jobs);
    console.log('status', status, 'failed', failed.length);
    return {
      content: {
        text: `${EMOJI.get(status) ?? ''} Pipeline of *${escaped(branch)}*: ${status} (${this.seen})`,
        attachments: [
          {
            color: COLOURS[status],
            text: jobs.map((job) => job.name).join(', '),
            fields: failed,
          },
        ],
        parseUrls: false,
      },
    };
  }
}
