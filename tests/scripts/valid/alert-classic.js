// incoming
/* exported Script */
/* globals console, _, s */

/** Global Helpers
 *
 * console - A normal console instance
 * _       - An underscore instance
 * s       - An underscore string instance
 * HTTP    - gone
 */

class Script {
  /**
   * @params {object} request
   */
  process_incoming_request({ request }) {
    console.log(request.content);
    return {
      content: {
        text: request.content.text || s.capitalize(`status: ${request.content.state}`),
      },
    };
  }
}
