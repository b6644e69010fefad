// incoming
/* exported some.func */
class Script {
  /**
   * @params {object} request
   */
  process_incoming_request({ request }) {
    // request.url.hash
    console.log(request.content);
    return {
      content:{
        text: request.content.text
        // "attachments": [{}]
       }
    };
  }
}
